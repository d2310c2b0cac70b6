using System.Diagnostics;

namespace NotebookKit.Checkpoints.Hub;

/// <summary>Tells a download on standard error, a line every two seconds; what is done sooner says nothing.</summary>
internal sealed class HubProgressLines : IProgress<HubProgress>
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <inheritdoc/>
    public void Report(HubProgress value)
    {
        if (_clock.Elapsed < Every)
            return;
        _clock.Restart();
        Console.Error.WriteLine(value.Line());
    }
}
