using System.Diagnostics;
using System.Globalization;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Cli.Verbs;

/// <summary>
/// Tells how far a notebook is. It writes to the process's own standard error: the cells' <c>Console</c> is the notebook's.
/// </summary>
internal sealed class NotebookProgress(string name) : IDisposable
{
    private readonly StreamWriter _error = new(Console.OpenStandardError()) { AutoFlush = true };
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly bool _live = !Console.IsErrorRedirected;

    /// <summary>Seconds since the run began.</summary>
    public double Seconds => _clock.Elapsed.TotalSeconds;

    /// <summary>A cell begins.</summary>
    public void Cell(int index, int total)
    {
        if (_live)
            _error.Write(string.Create(CultureInfo.InvariantCulture, $"kit: {name}: cell {index} of {total}, {Seconds:F0} s\e[K\r"));
        else if (index == 1)
            _error.WriteLine($"kit: {name}: running {total} cells …");
    }

    /// <summary>The notebook has ended.</summary>
    public void Ended(NotebookRun run)
    {
        var end = run.Failure ?? (run.Stopped ? "stopped; what ran is kept."
            : string.Create(CultureInfo.InvariantCulture, $"done in {Seconds:F0} s"));
        _error.WriteLine($"{(_live ? "\e[K" : "")}kit: {name}: {end}");
        if (run.Skipped.Count > 0)
            _error.WriteLine($"kit: {name}: left out, with the outputs that were saved, since the kit runs no cells of their language: "
                + $"{string.Join(", ", run.Skipped)}");
    }

    public void Dispose() => _error.Dispose();
}
