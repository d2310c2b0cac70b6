using System.Diagnostics;

namespace NotebookKit.Checkpoints.Hub;

/// <summary>Tells a download on standard error, a line every two seconds; what is done sooner says nothing.</summary>
internal sealed class HubProgressLines : IProgress<HubProgress>
{
    private static readonly TimeSpan every = TimeSpan.FromSeconds(2);
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <inheritdoc/>
    public void Report(HubProgress value)
    {
        if (clock.Elapsed < every)
            return;
        clock.Restart();
        Console.Error.WriteLine(value.Line());
    }
}
