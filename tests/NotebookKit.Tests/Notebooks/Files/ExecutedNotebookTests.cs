using NotebookKit.Display;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>
/// The notebooks run: headless, with real training; the first in full, the others just long enough to reach every cell.
/// </summary>
public sealed class ExecutedNotebookTests
{
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(NotebookFile.Course), MemberType = typeof(NotebookFile))]
    public async Task It_runs_from_the_first_cell_to_the_last_without_an_error(string name)
    {
        var (notebook, run) = await RunAsync(NotebookFile.Folder, name, quick: !name.StartsWith("00-", StringComparison.Ordinal));

        Assert.Null(run.Failure);
        Assert.Empty(run.Skipped);
        Assert.Equal(Enumerable.Range(1, run.Cells),
            notebook.CodeCells.Where(cell => cell.ExecutionCount is not null).Select(cell => cell.ExecutionCount!.Value));
        Assert.Equal(notebook.CodeCells.Count(cell => cell.Source.Trim().Length > 0), run.Cells);
    }

    /// <summary>Runs a notebook of a folder in that folder, in full or just long enough to reach every cell.</summary>
    internal static async Task<(NotebookDocument Notebook, NotebookRun Run)> RunAsync(string folder, string name, bool quick)
    {
        var before = Environment.GetEnvironmentVariable(RunScale.Variable);
        Environment.SetEnvironmentVariable(RunScale.Variable, quick ? "1" : "0");
        try
        {
            var notebook = NotebookDocument.Load(Path.Combine(folder, name));
            return (notebook, await new NotebookRunner { Timeout = TimeSpan.FromMinutes(10) }.RunAsync(notebook, folder,
                TestContext.Current.CancellationToken));
        }
        finally
        {
            Environment.SetEnvironmentVariable(RunScale.Variable, before);
        }
    }
}
