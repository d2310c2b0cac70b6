using System.Runtime;
using System.Runtime.InteropServices;

namespace NotebookKit.Kernel.Cells;

/// <summary>
/// A cell that can be stopped in two stages: first the cooperative token, which lets a training loop end its step and keep
/// what it has; two seconds later, or when asked again, by force. Force fails the cell at its next turn of a loop
/// (<see cref="LoopGuards"/>), where it prints or displays, and where it waits: all of these keep its variables. A cell that
/// does none of them, deep in a library's own loop, is aborted half a second later, and loses them.
/// </summary>
internal sealed unsafe partial class StoppableCell(Interruption owner) : IDisposable
{
    private const int SetMask = 2, SignalMaskBytes = 128;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), BeforeAbort = TimeSpan.FromSeconds(0.5);

    [ThreadStatic]
    private static StoppableCell? _inThread;

    private readonly CancellationTokenSource _cooperative = new(), _abort = new();
    private readonly Lock _lock = new();
    private Thread? _thread;
    private int _forcing;

    /// <summary>Cancelled when the cell is first asked to stop.</summary>
    public CancellationToken Token => _cooperative.Token;

    /// <summary>Whether the cell was asked to stop.</summary>
    public bool Requested => _cooperative.IsCancellationRequested;

    /// <summary>
    /// Whether force was used on the thread, which must then run nothing more: .NET (10) aborts by throwing out of a signal
    /// handler, and cannot suspend the same thread again, be it for an abort or for a garbage collection.
    /// </summary>
    public bool ThreadIsSpent => _forcing != 0;

    /// <summary>Called by what a cell calls: ends a cell that is being stopped by force, if it is the caller.</summary>
    /// <exception cref="OperationCanceledException">It is.</exception>
    public static void ThrowIfForced()
    {
        if (_inThread is { _forcing: not 0 })
            throw new OperationCanceledException("The cell was interrupted.");
    }

    public void RequestStop()
    {
        var patience = _cooperative.IsCancellationRequested ? TimeSpan.Zero : Patience;
        _ = _cooperative.CancelAsync();
        _ = Task.Delay(patience).ContinueWith(_ => StopByForce(), TaskScheduler.Default);
    }

    /// <summary>Runs a piece of the cell's code that has strayed to the calling thread.</summary>
    public void Lend(Action code)
    {
        _inThread = this;
        try
        {
            code();
        }
        finally
        {
            _inThread = null;
        }
    }

    /// <summary>Runs the cell's code in the calling thread, where force can reach it.</summary>
    /// <exception cref="OperationCanceledException">The thread was aborted.</exception>
    /// <exception cref="ThreadInterruptedException">The thread was woken.</exception>
    public void Run(Action code)
    {
        void Reachable()
        {
            lock (_lock)
                _thread = Thread.CurrentThread;
            try
            {
                Lend(code);
            }
            finally
            {
                // Before ControlledExecution tidies up: a wake-up in there would leave the abort half done.
                while (!TryLeave())
                {
                }
            }
        }

        // The signal handler that an abort leaves by an exception would have restored the thread's signal mask. Threads
        // started from this one inherit the mask, so it has to be put right.
        var signals = stackalloc byte[SignalMaskBytes];
        var saved = SignalMask(SetMask, null, signals) == 0;
        try
        {
#pragma warning disable SYSLIB0046 // Nothing else stops a library's loop that does not look at the token; only the cell's own thread is aborted.
            ControlledExecution.Run(Reachable, _abort.Token);
#pragma warning restore SYSLIB0046
        }
        finally
        {
            if (saved)
                _ = SignalMask(SetMask, signals, null);
        }
    }

    // The token's source is left to the collector: code of the cell may hold the token.
    public void Dispose() => owner.End();

    private void StopByForce()
    {
        if (Interlocked.Exchange(ref _forcing, 1) != 0 || !Wake())
            return;
        LoopGuards.Armed = true;
        Thread.Sleep(BeforeAbort);

        // An abort does not reach a thread that waits, and a wake-up may be caught by the cell's code: both, until it is over.
        if (Wake())
            _ = _abort.CancelAsync();
        while (Wake())
            Thread.Sleep(50);
    }

    /// <returns>False when the cell has ended.</returns>
    private bool Wake()
    {
        lock (_lock)
            _thread?.Interrupt();
        return _thread is not null;
    }

    /// <summary>Ends the reach of force and takes back a wake-up that has not been noticed yet.</summary>
    /// <returns>False when a wake-up came in between.</returns>
    private bool TryLeave()
    {
        try
        {
            lock (_lock)
                _thread = null;
            if (_forcing != 0)
                Thread.Sleep(1);
            return true;
        }
        catch (ThreadInterruptedException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int SignalMask(int how, byte* set, byte* before);
}
