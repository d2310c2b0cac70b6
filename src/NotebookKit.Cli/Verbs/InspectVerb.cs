using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Inspection;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit inspect FILE</c>: what a file is, and what to do about it.</summary>
internal static class InspectVerb
{
    private const int Shown = 8;

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "a checkpoint, LoRA, embedding or PNG, or a model folder" };
        var command = new Command("inspect",
            "Say what a file is: kind, base, types, names, faults, hashes, notes, and what to do about each finding.") { file };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var report = FileInspector.Inspect(parse.GetValue(file)!, new PercentProgress());
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(report, Verb.Json));
            else
                Show(report);
            return 0;
        });
        return command;
    }

    private static void Show(FileReport report)
    {
        Console.WriteLine($"{report.Path}: {report.Kind}{(report.Base is null ? "" : $", for {report.Base}")}");
        Row("size", string.Create(CultureInfo.InvariantCulture, $"{report.Bytes:N0} bytes"));
        if (report.Tensors > 0)
        {
            Row("tensors", $"{report.Tensors}; " + string.Join(", ", report.DTypes
                .Select(type => string.Create(CultureInfo.InvariantCulture, $"{type.Value:N0} numbers in {type.Key}"))));
            Row("names", $"{report.KeysMatched} matched, {report.KeysUnmatched.Count} not, {report.KeysMissing.Count} missing");
            Names("not matched", report.KeysUnmatched);
            Names("missing", report.KeysMissing);
            Row("not a number", $"{report.NaN}{(report.Infinite > 0 ? $", infinite {report.Infinite}" : "")}");
        }

        foreach (var (name, value) in report.Facts)
            Row(name, value);
        if (report.Hashes is { } hashes)
        {
            Row("sha256", hashes.Sha256);
            Row("short hash", $"{hashes.AutoV2} (AutoV2), {hashes.AutoV1} "
                + $"(AutoV1){(hashes.AutoV3 is null ? "" : $", {hashes.AutoV3} (AutoV3)")}");
        }

        foreach (var (key, value) in report.Metadata.Where(pair => !report.Facts.ContainsKey(pair.Key)))
            Row($"note {key}", value);
        foreach (var finding in report.Findings)
            Console.WriteLine($"  - {finding.What} {finding.Remedy}");
    }

    private static void Row(string name, string value)
    {
        var line = value.ReplaceLineEndings(" ");
        Console.WriteLine($"  {name,-16}  {(line.Length > 160 ? line[..160] + "…" : line)}");
    }

    private static void Names(string what, IReadOnlyList<string> names)
    {
        if (names.Count > 0)
            Row(what, FirstNames.Of(names, Shown));
    }

    // Small files are done before anyone could read a line about them.
    private sealed class PercentProgress : IProgress<double>
    {
        private readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
        private TimeSpan _last;

        public void Report(double value)
        {
            if (_clock.Elapsed - _last < TimeSpan.FromSeconds(2))
                return;
            _last = _clock.Elapsed;
            var left = TimeSpan.FromSeconds(value > 0 ? _clock.Elapsed.TotalSeconds * (1 - value) / value : 0);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"looking at the numbers: {value:P0}, {left:m\\:ss} left"));
        }
    }
}
