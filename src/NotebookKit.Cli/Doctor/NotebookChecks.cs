using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace NotebookKit.Cli.Doctor;

/// <summary>What running the notebooks needs: Jupyter in some Python, the kernel, ZeroMQ.</summary>
internal static class NotebookChecks
{
    private const string Install = "run ./kit tutorial or ./kit test once: both install it";

    public static IEnumerable<Finding> All()
    {
        yield return MachineChecks.Library("ZeroMQ", "libzmq.so.5", "libzmq5", Health.Missing);
        yield return Jupyter();
        yield return Kernel();
    }

    private static Finding Jupyter()
    {
        var python = Environment.GetEnvironmentVariable("KIT_PYTHON") is { Length: > 0 } chosen ? chosen : "/usr/bin/python3";
        const string Ask = "import nbclient, nbconvert, notebook, sys; print(f'nbconvert {nbconvert.__version__}, nbclient {nbclient.__version__}, notebook {notebook.__version__}')";
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, ["-W", "ignore", "-c", Ask]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var answer = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0
                ? Finding.Ok("Jupyter", $"{answer}, in {python}")
                : new Finding("Jupyter", Health.Missing, $"{python}: {errors.Result.Trim().Split('\n')[^1]}", Install);
        }
        catch (Win32Exception)
        {
            return new Finding("Jupyter", Health.Missing, $"{python} does not start", Install);
        }
    }

    private static Finding Kernel()
    {
        var spec = Checkout.Artifacts("jupyter", "kernels", ".net-csharp", "kernel.json");
        if (!File.Exists(spec))
            return new Finding("kernel", Health.Missing, "the C# kernel is not installed", Install);
        var gone = JsonNode.Parse(File.ReadAllText(spec))!["argv"]!.AsArray()
            .Select(argument => (string)argument!)
            .FirstOrDefault(argument => Path.IsPathRooted(argument) && !File.Exists(argument));
        return gone is null
            ? Finding.Ok("kernel", Checkout.Relative(spec))
            : new Finding("kernel", Health.Missing, $"{Checkout.Relative(spec)} names {gone}, which is gone", Install);
    }
}
