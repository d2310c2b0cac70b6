using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace NotebookKit.Tensors;

/// <summary>
/// Pieces of work side by side, each whole on a thread whose operators take one core. Where tensors are small that is
/// quicker than piece after piece with every operator on all cores, and what a piece computes is the same to the bit
/// however many run beside it.
/// </summary>
/// <param name="threads">Pieces at once; 0 for piece after piece on the calling thread with all its cores.</param>
public sealed class SideBySide(int threads)
{
    private static readonly Lock Starting = new();

    private BlockingCollection<Task> _calls = [];
    private Exception? _failure;
    private int _caller;

    /// <summary>Runs pieces 0 to <paramref name="count"/> − 1. After a failure none begins, and the first failure is thrown as it
    /// was.</summary>
    /// <param name="count">How many.</param>
    /// <param name="piece">Does one; it has no dispose scope yet, and gradients are on.</param>
    public void Run(int count, Action<int> piece)
    {
        _caller = Environment.CurrentManagedThreadId;
        if (threads == 0 || get_num_threads() == 1)
        {
            for (var i = 0; i < count; i++)
                piece(i);
            return;
        }

        (_calls, _failure) = ([], null);
        var (next, running) = (-1, Math.Min(threads, count));
        using var ready = new CountdownEvent(running);
        var workers = Enumerable.Range(0, running).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        var starter = new Thread(Start);
        starter.Start();
        starter.Join();
        foreach (var call in _calls.GetConsumingEnumerable())
            call.RunSynchronously();
        workers.ForEach(worker => worker.Join());
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);

        // set_num_threads sets the calling thread's number and the one that later threads begin with. The latter is put back,
        // and by a thread of its own, since it need not be the caller's.
        void Start()
        {
            lock (Starting)
            {
                var common = get_num_threads();
                workers.ForEach(worker => worker.Start());
                ready.Wait();
                set_num_threads(common);
            }
        }

        void Work()
        {
            _ = get_num_threads(); // at first use libtorch gives a thread the common number, over one that was set before
            set_num_threads(1);
            ready.Signal();
            try
            {
                for (var i = Interlocked.Increment(ref next); i < count && _failure is null; i = Interlocked.Increment(ref next))
                    piece(i);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }

            if (Interlocked.Decrement(ref running) == 0)
                _calls.CompleteAdding();
        }
    }

    /// <summary>From within a piece: does something on the thread that called <see cref="Run"/>, one after another, and waits for
    /// it.</summary>
    /// <exception cref="OperationCanceledException">Another piece has failed.</exception>
    public void OnCaller(Action action)
    {
        if (Environment.CurrentManagedThreadId == _caller)
        {
            action();
            return;
        }

        if (_failure is not null)
            throw new OperationCanceledException();
        var call = new Task(action);
        _calls.Add(call);
        call.GetAwaiter().GetResult();
    }
}
