using System.Collections.Concurrent;

namespace NotebookKit.Kernel.Cells;

/// <summary>
/// Runs a cell's asynchronous code so that, after an <c>await</c>, it goes on in the cell's own thread, where an interrupt
/// can reach it. When that thread does not come for a continuation, because the cell blocks on a task (<c>.Result</c>,
/// <c>Wait()</c>), the pool runs it: a cell never waits for itself, as it would in a window's thread.
/// </summary>
internal sealed class CellThread(StoppableCell cell) : SynchronizationContext
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<Continuation> _queue = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Thread _thread = Thread.CurrentThread;
    private volatile bool _idle;

    /// <summary>Runs <paramref name="start"/> and waits for its task, lending it the calling thread.</summary>
    public static T Run<T>(StoppableCell cell, Func<Task<T>> start)
    {
        var thread = new CellThread(cell);
        var before = Current;
        SetSynchronizationContext(thread);
        try
        {
            var task = start();
            thread.Pump(task);
            return task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        var continuation = new Continuation(cell, d, state);
        _queue.Enqueue(continuation);
        var blocked = !_idle && _thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);
        _signal.Release();
        continuation.RunElsewhere(blocked ? TimeSpan.Zero : Soon);
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    private void Pump(Task task)
    {
        task.ContinueWith(_ => _signal.Release(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (!task.IsCompleted)
        {
            _idle = true;
            _signal.Wait();
            _idle = false;
            while (_queue.TryDequeue(out var continuation))
                continuation.Run();
        }
    }

    /// <summary>A piece of work that whoever comes first runs, once.</summary>
    private sealed class Continuation(StoppableCell cell, SendOrPostCallback callback, object? state)
    {
        private Timer? _timer;
        private int _taken;

        public void RunElsewhere(TimeSpan delay)
        {
            if (delay == TimeSpan.Zero)
                ThreadPool.UnsafeQueueUserWorkItem(_ => RunInPool(), null);
            else if (Volatile.Read(ref _taken) == 0)
                _timer = new Timer(_ => RunInPool(), null, delay, Timeout.InfiniteTimeSpan);
        }

        private void RunInPool()
        {
            try
            {
                cell.Lend(Run);
            }
            catch (Exception e)
            {
                // Nobody is there to catch it, as when a Progress<T> reports to a handler that throws; the kernel lives on.
                Console.Error.WriteLine($"{e.GetType().Name}: {e.Message}");
            }
        }

        public void Run()
        {
            if (Interlocked.Exchange(ref _taken, 1) != 0)
                return;
            _timer?.Dispose();
            callback(state);
        }
    }
}
