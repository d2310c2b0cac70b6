using System.Text.RegularExpressions;
using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Notebooks.Files;

/// <summary>Executes notebooks without a front end: every cell in order, outputs in place, until the end or the first error.</summary>
public sealed partial class NotebookRunner
{
    /// <summary>Called before each cell of code: its place among them, from 1, and how many there are.</summary>
    public Action<int, int>? CellStarts { get; init; }

    /// <summary>How long one cell may take; null is for ever.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether each cell's times are written into its metadata.</summary>
    public bool RecordTimes { get; init; }

    /// <summary>Executes a notebook in place. What ran is in it also when it fails or is stopped.</summary>
    /// <param name="notebook">The notebook.</param>
    /// <param name="folder">What its relative paths are relative to: the process works there meanwhile.</param>
    /// <param name="cancel">Stops after the running cell has been interrupted.</param>
    /// <returns>What happened.</returns>
    public async Task<NotebookRun> RunAsync(NotebookDocument notebook, string folder, CancellationToken cancel = default)
    {
        var cells = notebook.CodeCells.ToList();
        var outputs = new CellOutputs();
        var skipped = new List<string>();
        var before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = Path.GetFullPath(folder);
        using var engine = new NotebookEngine();
        var (ran, failure) = (0, (string?)null);
        try
        {
            await engine.Warm.ConfigureAwait(false);
            foreach (var (index, cell) in cells.Index())
            {
                if (cell.Source.Trim().Length == 0 || failure is not null || cancel.IsCancellationRequested)
                {
                    cell.Clear();
                    continue;
                }

                if (!engine.Languages.Contains(cell.Language))
                {
                    skipped.Add($"cell {index + 1} ({cell.Language})"); // its saved output stays
                    continue;
                }

                CellStarts?.Invoke(index + 1, cells.Count);
                outputs.Begin(cell, ++ran);
                cell.ExecutionCount = ran;
                var error = await RunCellAsync(engine, cell, ran, outputs, cancel).ConfigureAwait(false);
                if (error is null)
                    continue;
                outputs.Fail(error);
                failure = Explain(cell, ran, error);
            }
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }

        return new NotebookRun(ran, cancel.IsCancellationRequested ? null : failure, cancel.IsCancellationRequested, skipped);
    }

    private async Task<CellError?> RunCellAsync(NotebookEngine engine, NotebookCell cell, int number, CellOutputs outputs,
        CancellationToken cancel)
    {
        var started = DateTime.UtcNow;
        var late = false;
        // Begun first: an interrupt means nothing between cells, and a stop that was asked for already is heard at once.
        var running = engine.RunAsync(cell.Source, number, outputs.Add, cell.Language);
        using var stop = cancel.Register(engine.Interrupt);
        using var timer = Timeout is { } most ? new Timer(_ =>
        {
            late = true;
            engine.Interrupt();
            engine.Interrupt();
        }, null, most, System.Threading.Timeout.InfiniteTimeSpan) : null;
        var error = await running.ConfigureAwait(false);
        if (RecordTimes)
            cell.Time(started, DateTime.UtcNow);
        return late && error is not null ? new CellError("Timeout",
            $"The cell took longer than {Timeout!.Value.TotalSeconds:0.#} s and was stopped.",
            [$"Timeout: the cell took longer than {Timeout.Value.TotalSeconds:0.#} s and was stopped."]) : error;
    }

    /// <summary>What a reader needs to mend a failed cell: its number, its code and the error.</summary>
    private static string Explain(NotebookCell cell, int number, CellError error)
    {
        var code = string.Join('\n', cell.Source.Split('\n').Select(line => "    " + line));
        return $"code cell {number} failed:\n{code}\n{Colour().Replace(string.Join('\n', error.Traceback), "")}";
    }

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Colour();
}

/// <summary>How the run of a notebook ended.</summary>
/// <param name="Cells">How many cells ran.</param>
/// <param name="Failure">The failed cell, its code and its error; null when none failed.</param>
/// <param name="Stopped">Whether it was stopped from outside.</param>
/// <param name="Skipped">Cells of languages that are not at hand, which kept their saved outputs.</param>
public sealed record NotebookRun(int Cells, string? Failure, bool Stopped, IReadOnlyList<string> Skipped);
