namespace NotebookKit.Kernel.Cells;

/// <summary>
/// Stopping a cell in two stages: first the cooperative token, which lets a training loop end its step and keep what it
/// has; two seconds later, or when asked again, the abort of the cell's thread.
/// </summary>
internal sealed class Interruption
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private Stages? _stages;

    /// <summary>The running cell's cooperative token; one that never cancels between cells.</summary>
    public CancellationToken Token => _stages?.Cooperative.Token ?? CancellationToken.None;

    /// <summary>Begins a cell; dispose of the result when it has ended.</summary>
    public Stages Begin()
    {
        lock (_lock)
            return _stages = new Stages(this);
    }

    /// <summary>Someone wants the running cell to stop. Between cells it means nothing.</summary>
    public void Request()
    {
        // Cancelling runs registered callbacks, which are not to hold the lock.
        Stages? stages;
        lock (_lock)
            stages = _stages;
        stages?.Advance();
    }

    internal sealed class Stages(Interruption owner) : IDisposable
    {
        private readonly CancellationTokenSource _abort = new();

        public CancellationTokenSource Cooperative { get; } = new();

        public CancellationToken Abort => _abort.Token;

        public bool Requested => Cooperative.IsCancellationRequested;

        public void Advance()
        {
            if (Cooperative.IsCancellationRequested)
            {
                _ = _abort.CancelAsync();
                return;
            }

            _abort.CancelAfter(Patience);
            _ = Cooperative.CancelAsync();
        }

        // The sources are left to the collector: a cancel may still be on its way, and code of the cell may hold the token.
        public void Dispose()
        {
            lock (owner._lock)
                owner._stages = null;
            _abort.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }
}
