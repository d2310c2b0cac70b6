using System.Diagnostics;
using NotebookKit.Cli.Verbs;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>The Python of this machine that runs notebooks.</summary>
internal static class LabPython
{
    private const string Script = "import sys, nbformat; from nbclient import NotebookClient; n = nbformat.read(sys.argv[1], 4); "
        + "NotebookClient(n, timeout=600, allow_errors=sys.argv[3] == 'True', resources={'metadata': {'path': sys.argv[2]}}).execute(); "
        + "nbformat.write(n, sys.argv[1])";

    /// <summary>One that has nbclient; null where there is none.</summary>
    public static string? WithNbclient { get; } =
        new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(python => LabVerb.Has(python, "nbclient"));

    /// <summary>Has nbclient execute a notebook in place, with a kernel that is installed in the folder's <c>jupyter</c>.</summary>
    public static void Execute(TemporaryFolder folder, string notebook, string workingFolder, bool allowErrors = false, bool quick = true)
    {
        Assert.SkipWhen(WithNbclient is null, "no python3 on this machine has nbclient");
        var start = new ProcessStartInfo(WithNbclient!, ["-W", "ignore", "-c", Script, notebook, workingFolder, allowErrors.ToString()])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["JUPYTER_PATH"] = folder["jupyter"], ["HOME"] = folder.Root, ["JUPYTER_RUNTIME_DIR"] = folder["run"],
                ["KIT_QUICK"] = quick ? "1" : "0" },
        };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { }; // what a kernel says of itself
        process.BeginOutputReadLine();
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
    }
}
