using System.Diagnostics;

namespace NotebookKit.Tests.Cli;

/// <summary>Runs the command line as a learner does: in a process of its own.</summary>
internal static class KitProcess
{
    /// <summary>Runs <c>kit VERB …</c> and waits for it.</summary>
    public static (int Exit, string Output, string Error) Run(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>Runs, and asserts bad input: exit 2, nothing on standard output, one sentence that contains a text.</summary>
    public static void AssertRefused(string expected, params string[] args)
    {
        var (exit, output, error) = Run(args);
        Assert.True(exit == 2, $"exit {exit}: {error}");
        Assert.Empty(output);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
