using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NotebookKit.Cli.Doctor;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit test</c>: runs the tests that the script has built, and ends with <c>N passed, N failed</c>.</summary>
internal static partial class TestVerb
{
    public static Command Create()
    {
        var filter = new Option<string?>("--filter") { Description = "only tests whose name contains this" };
        var verb = new Command("test", "Run every test, or those whose name contains a text.") { filter };
        verb.SetAction(parse =>
        {
            var program = Checkout.Artifacts("bin", "NotebookKit.Tests", "release", "NotebookKit.Tests.dll");
            var name = parse.GetValue(filter);
            var start = new ProcessStartInfo(KernelVerb.DotnetHost,
                [program, "-noLogo", "-noColor", .. name is null ? Array.Empty<string>() : ["-method", $"*{name}*"]])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            using var stop = new StopSignals();
            using var process = Process.Start(start)!;
            Match? summary = null;
            while (process.StandardOutput.ReadLine() is { } line)
            {
                Console.WriteLine(line);
                summary = Summary().Match(line) is { Success: true } found ? found : summary;
            }

            process.WaitForExit();
            return Report(summary, process.ExitCode, name);
        });
        return verb;
    }

    /// <summary>The last line; a runner that died counts as a failure.</summary>
    internal static int Report(Match? summary, int code, string? filter)
    {
        int Number(string group) => summary is null ? 0 : int.Parse(summary.Groups[group].Value, CultureInfo.InvariantCulture);
        var (total, failed, skipped) = (Number("total"), Number("failed") + Number("errors"), Number("skipped"));
        if (summary is null)
            Console.WriteLine($"The test runner ended with code {code} before its summary.");
        else if (total == 0)
            Console.WriteLine($"No test's name contains \"{filter}\".");
        else if (failed == 0 && code != 0)
            Console.WriteLine($"The test runner ended with code {code}.");
        if (failed == 0 && (total == 0 || code != 0))
            failed = 1;
        var passed = Math.Max(0, total - Number("failed") - skipped - Number("notrun"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{passed} passed, {failed} failed{(skipped > 0 ? $", {skipped} skipped" : "")}"));
        return failed > 0 ? Verb.Failed : 0;
    }

    /// <summary>The runner's summary of one assembly.</summary>
    [GeneratedRegex(@" Total: (?<total>\d+), Errors: (?<errors>\d+), Failed: (?<failed>\d+), Skipped: (?<skipped>\d+), Not Run: (?<notrun>\d+)")]
    internal static partial Regex Summary();
}
