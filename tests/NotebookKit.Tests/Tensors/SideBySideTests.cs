using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

public sealed class SideBySideTests : IDisposable
{
    private readonly int _before = get_num_threads();

    public SideBySideTests() => set_num_threads(2);

    public void Dispose() => set_num_threads(_before);

    [Fact]
    public void Every_piece_is_done_once_and_its_operators_take_one_core()
    {
        var (done, cores) = (new int[7], new int[7]);
        new SideBySide(2).Run(7, i =>
        {
            using var scope = NewDisposeScope();
            ones(300, 300).mm(ones(300, 300)); // an operator that libtorch shares among cores
            (done[i], cores[i]) = (done[i] + 1, get_num_threads());
        });
        Assert.All(done, times => Assert.Equal(1, times));
        Assert.All(cores, used => Assert.Equal(1, used));
    }

    [Fact]
    public void The_callers_number_of_threads_and_that_of_threads_to_come_stay()
    {
        new SideBySide(2).Run(3, _ => { });
        Assert.Equal(2, get_num_threads());
        Assert.Equal(2, OnAnother(get_num_threads));
        // Where the two differ, each keeps its own.
        OnAnother(() =>
        {
            set_num_threads(3);
            return 0;
        });
        new SideBySide(2).Run(3, _ => { });
        Assert.Equal((2, 3), (get_num_threads(), OnAnother(get_num_threads)));
    }

    [Fact]
    public void Two_pieces_run_at_once()
    {
        using var both = new Barrier(2);
        new SideBySide(2).Run(2, _ => Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(60))));
    }

    [Fact]
    public void A_failure_arrives_as_it_was_and_no_piece_begins_after_it()
    {
        var failure = new FormatException("mine");
        var begun = 0;
        var threads = new SideBySide(2);
        var thrown = Assert.Throws<FormatException>(() => threads.Run(100, i =>
        {
            Interlocked.Increment(ref begun);
            if (i == 0)
                throw failure;
            Assert.True(SpinWait.SpinUntil(() => Told(threads) is false, TimeSpan.FromSeconds(60)));
        }));
        Assert.Same(failure, thrown);
        Assert.InRange(begun, 1, 2);

        static bool Told(SideBySide threads)
        {
            try
            {
                threads.OnCaller(() => { });
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void What_pieces_tell_arrives_on_the_calling_thread_one_after_another()
    {
        var caller = Environment.CurrentManagedThreadId;
        var (told, at, threads) = (0, 0, new SideBySide(2));
        threads.Run(4, _ => threads.OnCaller(() =>
        {
            Assert.Equal(1, Interlocked.Increment(ref at));
            Assert.Equal(caller, Environment.CurrentManagedThreadId);
            told++;
            Interlocked.Decrement(ref at);
        }));
        Assert.Equal(4, told);
        var failure = new FormatException("heard");
        Assert.Same(failure, Assert.Throws<FormatException>(() => threads.Run(4, _ => threads.OnCaller(() => throw failure))));
    }

    [Fact]
    public void Without_threads_pieces_follow_one_another_on_the_calling_thread()
    {
        var caller = Environment.CurrentManagedThreadId;
        var order = new List<int>();
        new SideBySide(0).Run(3, i =>
        {
            Assert.Equal((caller, 2), (Environment.CurrentManagedThreadId, get_num_threads()));
            order.Add(i);
        });
        Assert.Equal([0, 1, 2], order);
    }

    private static int OnAnother(Func<int> work)
    {
        var result = 0;
        var thread = new Thread(() => result = work());
        thread.Start();
        thread.Join();
        return result;
    }
}
