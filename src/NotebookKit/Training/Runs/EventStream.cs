using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace NotebookKit.Training.Runs;

/// <summary>Runs on a thread of its own what tells events, and hands them over as they come.</summary>
internal static class EventStream
{
    // The run may be this many events ahead of who listens.
    private const int Ahead = 16;

    public static async IAsyncEnumerable<TrainEvent> Of(Func<CancellationToken, IEnumerable<TrainEvent>> run,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var abandoned = new CancellationTokenSource();
        var events = Channel.CreateBounded<TrainEvent>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var thread = new Thread(() =>
        {
            try
            {
                foreach (var happened in run(stop.Token))
                    events.Writer.WriteAsync(happened, abandoned.Token).AsTask().GetAwaiter().GetResult();
                events.Writer.Complete();
            }
            catch (Exception e)
            {
                events.Writer.TryComplete(e);
            }
        })
        { Name = "training", IsBackground = true };
        thread.Start();
        try
        {
            // Not cancelled with the run: its last events are worth hearing.
            await foreach (var happened in events.Reader.ReadAllAsync(CancellationToken.None))
                yield return happened;
        }
        finally
        {
            await stop.CancelAsync();
            await abandoned.CancelAsync();
            thread.Join();
        }
    }
}
