using System.Diagnostics;
using NotebookKit.Display;

namespace NotebookKit.Tests.Notebooks;

/// <summary>
/// The notebooks run: headless, by Jupyter's own nbconvert, with the kit's kernel and real training; the first in full, the
/// others just long enough to reach every cell.
/// </summary>
public sealed class ExecutedNotebookTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(12);

    public static TheoryData<string> Course() => NotebookFile.Course();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void It_runs_from_the_first_cell_to_the_last_without_an_error(string name)
    {
        var folder = Directory.CreateTempSubdirectory("kit-notebook-").FullName;
        try
        {
            Execute(name, folder);

            var executed = new NotebookFile(Path.Combine(folder, name));
            var cells = executed.CodeCells.Where(cell => NotebookFile.Text(cell["source"]).Trim().Length > 0).ToList();
            Assert.Equal(Enumerable.Range(1, cells.Count), cells.Select(cell => (int?)cell["execution_count"] ?? 0));
            Assert.Empty(executed.Errors);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Execute(string name, string outputFolder)
    {
        var jupyter = Path.Combine(House.Root, "artifacts", "jupyter");
        var python = Environment.GetEnvironmentVariable("KIT_PYTHON") is { Length: > 0 } chosen ? chosen : "/usr/bin/python3";
        var start = new ProcessStartInfo(python)
        {
            WorkingDirectory = NotebookFile.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["JUPYTER_PATH"] = jupyter,
                ["JUPYTER_DATA_DIR"] = Path.Combine(jupyter, "data"),
                ["JUPYTER_RUNTIME_DIR"] = Path.Combine(jupyter, "runtime"),
                ["JUPYTER_CONFIG_DIR"] = Path.Combine(jupyter, "config"),
                ["IPYTHONDIR"] = Path.Combine(jupyter, "ipython"),
                [RunScale.Variable] = name.StartsWith("00-", StringComparison.Ordinal) ? "0" : "1",
            },
        };
        foreach (var argument in (string[])["-m", "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=-1", "--output-dir", outputFolder, name])
            start.ArgumentList.Add(argument);

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{name} still ran after {Patience.TotalMinutes} minutes");
        }

        Assert.True(process.ExitCode == 0, $"nbconvert ended with {process.ExitCode}: {output.Result}{Tail(errors.Result)}");
    }

    private static string Tail(string text) => text.Length <= 4000 ? text : "… " + text[^4000..];
}
