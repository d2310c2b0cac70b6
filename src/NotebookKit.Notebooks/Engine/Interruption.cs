using NotebookKit.Training;

namespace NotebookKit.Notebooks.Engine;

/// <summary>
/// Stops the running cell in stages. First the token of <see cref="RunningCell.Cancellation"/>, by which a training ends
/// its step and keeps what it has: a cell in which somebody asked for that token ends by itself, however long its step
/// takes, unless it is asked again. Then force: the cell fails at its next turn of a loop (<see cref="LoopGuards"/>) or
/// where its thread waits, and keeps its variables. A cell that does neither is given up: the reader gets the notebook
/// back, and the cell ends when it ends.
/// </summary>
internal sealed class Interruption
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private static int _cells; // of all engines, since a stopped cell may outlive its own

    private readonly Lock _lock = new();
    private CancellationTokenSource? _cooperative;
    private Thread? _thread;
    private Action _giveUp = () => { };
    private int _cell;
    private volatile bool _heeded;

    /// <summary>Whether the running cell, or the last one, was asked to stop.</summary>
    public bool Requested { get; private set; }

    /// <summary>The running cell's token; one that never cancels between cells.</summary>
    public CancellationToken Token
    {
        get
        {
            lock (_lock)
            {
                _heeded = true;
                return _cooperative?.Token ?? CancellationToken.None;
            }
        }
    }

    /// <summary>A cell begins.</summary>
    /// <param name="giveUp">Ends the engine's waiting for it.</param>
    public void Begin(Action giveUp)
    {
        lock (_lock)
        {
            _heeded = Requested = false;
            _cooperative = new CancellationTokenSource();
            _giveUp = giveUp;
            _cell = Interlocked.Increment(ref _cells);
        }
    }

    /// <summary>The cell has ended.</summary>
    public void End()
    {
        lock (_lock)
        {
            _cooperative = null;
            _thread = null;
        }
    }

    /// <summary>
    /// Runs a cell's code in a thread of its own, which can be woken where it waits, and whose stack is deep enough for a
    /// learner's recursion. After the first <c>await</c> the code goes on elsewhere.
    /// </summary>
    public async Task RunAsync(Func<Task> code)
    {
        var begun = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                lock (_lock)
                    (_thread, LoopGuards.Cell.Value) = (Thread.CurrentThread, _cell);
                var task = code();
                Leave();
                begun.SetResult(task);
            }
            catch (Exception e)
            {
                Leave();
                begun.SetException(e);
            }
        }, 64 << 20)
        { IsBackground = true, Name = "cell" };
        thread.Start();
        await (await begun.Task.ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Someone wants the running cell to stop; a second time, at once. Between cells it means nothing.</summary>
    public void Request()
    {
        int cell;
        bool again;
        lock (_lock)
        {
            if (_cooperative is null)
                return;
            (again, Requested) = (Requested, true);
            cell = _cell;
            _ = _cooperative.CancelAsync();
        }

        _ = ForceAsync(cell, again);
    }

    private async Task ForceAsync(int cell, bool again)
    {
        await Task.Delay(Soon).ConfigureAwait(false);
        if (!again && _heeded || !Wake(cell))
            return;
        await Task.Delay(2 * Soon).ConfigureAwait(false);
        if (Wake(cell))
            _giveUp();
    }

    /// <returns>False when the cell has ended.</returns>
    private bool Wake(int cell)
    {
        lock (_lock)
        {
            if (_cooperative is null || cell != _cell)
                return false;
            LoopGuards.Stopped = cell;
            _thread?.Interrupt();
            return true;
        }
    }

    /// <summary>Takes back a wake-up that has not been noticed yet.</summary>
    private void Leave()
    {
        while (true)
        {
            try
            {
                lock (_lock)
                    _thread = null;
                if (Requested)
                    Thread.Sleep(1);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }
}
