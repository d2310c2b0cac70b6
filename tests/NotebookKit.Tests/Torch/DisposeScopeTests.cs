using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class DisposeScopeTests
{
    [Fact]
    public void A_scope_disposes_what_was_made_in_it()
    {
        using var before = zeros(1);
        Tensor inside;
        using (NewDisposeScope())
            inside = before + 1;
        Assert.True(inside.IsInvalid);
        Assert.False(before.IsInvalid);
        Assert.Throws<ObjectDisposedException>(() => inside + 1);
        inside.Dispose();
    }

    [Fact]
    public void Moved_tensors_live_as_long_as_the_outer_scope()
    {
        Tensor moved, left, free;
        using (var outer = NewDisposeScope())
        {
            using (var inner = NewDisposeScope())
            {
                Assert.Same(outer, inner.OuterScope);
                moved = ones(1).MoveToOuterDisposeScope();
                free = ones(1).DetachFromDisposeScope();
                left = ones(1);
                Assert.Equal(1, inner.DisposablesCount);
                Assert.True(outer.Contains(moved));
            }

            Assert.True(left.IsInvalid);
            Assert.False(moved.IsInvalid);
            Assert.Equal(1, outer.DisposablesCount);
        }

        Assert.True(moved.IsInvalid);
        Assert.False(free.IsInvalid);
        Assert.Same(free, free.MoveToOuterDisposeScope());
        free.Dispose();
    }

    [Fact]
    public void Without_an_outer_scope_a_moved_tensor_is_on_its_own()
    {
        Tensor moved;
        using (NewDisposeScope())
            moved = ones(1).MoveToOuterDisposeScope();
        Assert.False(moved.IsInvalid);
        moved.Dispose();
    }

    [Fact]
    public void Everything_but_some_can_be_disposed_early()
    {
        using var scope = NewDisposeScope();
        var (a, b, c) = (ones(1), ones(1), ones(1));
        Assert.Same(b, scope.DisposeEverythingBut(b));
        Assert.True(a.IsInvalid && c.IsInvalid && !b.IsInvalid);
        Assert.Equal([b], scope.DisposablesView);
        scope.DisposeEverything();
        Assert.True(b.IsInvalid);
    }

    [Fact]
    public void A_tensor_disposed_by_hand_leaves_its_scope()
    {
        using var scope = NewDisposeScope();
        var tensors = Enumerable.Range(0, 40).Select(i => full(1, i)).ToArray();
        foreach (var i in new[] { 3, 39, 0, 17 })
            tensors[i].Dispose();
        Assert.Equal(36, scope.DisposablesCount);
        Assert.All(tensors.Where((_, i) => i is not (3 or 39 or 0 or 17)), t => Assert.False(t.IsInvalid));
    }

    [Fact]
    public void A_scope_belongs_to_its_thread()
    {
        using var scope = NewDisposeScope();
        var elsewhere = OnAThreadOfItsOwn(() => ones(1));
        Assert.False(scope.Contains(elsewhere));
        scope.Attach(elsewhere);
        Assert.True(scope.Contains(elsewhere));
        var mine = ones(1);
        OnAThreadOfItsOwn(() => { mine.Dispose(); return 0; });
        Assert.True(mine.IsInvalid);
    }

    // A task that is waited for may run on the waiting thread.
    internal static T OnAThreadOfItsOwn<T>(Func<T> work)
    {
        T result = default!;
        var thread = new Thread(() => result = work());
        thread.Start();
        thread.Join();
        return result;
    }

    [Fact]
    public void Scopes_closed_out_of_order_still_dispose_their_own()
    {
        var outer = NewDisposeScope();
        var a = ones(1);
        var inner = NewDisposeScope();
        var b = ones(1);
        outer.Dispose();
        Assert.True(a.IsInvalid && !b.IsInvalid);
        var c = ones(1);
        inner.Dispose();
        Assert.True(b.IsInvalid && c.IsInvalid);
        Assert.Null(CurrentDisposeScope);
    }

    [Fact]
    public void The_statistics_count_what_lives()
    {
        DisposeScopeManager.Statistics.Reset();
        using (NewDisposeScope())
        {
            var a = ones(1);
            ones(1).DetachFromDisposeScope().Dispose();
            a.Dispose();
            _ = ones(1);
            Assert.Equal(1, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }

        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(3, DisposeScopeManager.Statistics.CreatedInScopeCount);
        Assert.Equal(1, DisposeScopeManager.Statistics.DetachedFromScopeCount);
    }

    [Fact]
    public void Parameters_outlive_the_scope_in_which_their_module_was_made()
    {
        GC.Collect(); // what earlier tests dropped must not be collected in between
        GC.WaitForPendingFinalizers();
        var before = TorchExtras.LiveHandles;
        TorchSharp.Modules.Linear layer;
        using (NewDisposeScope())
            layer = nn.Linear(2, 3);
        Assert.Equal([3, 2], layer.weight.shape);
        Assert.Equal(before + 2, TorchExtras.LiveHandles);
        layer.Dispose();
        Assert.Equal(before, TorchExtras.LiveHandles);
    }

    [Fact]
    public void What_nobody_disposes_the_garbage_collector_releases()
    {
        GC.Collect(); // what earlier tests dropped must not be collected in between
        GC.WaitForPendingFinalizers();
        var before = TorchExtras.LiveHandles;
        Leak();
        Assert.True(TorchExtras.LiveHandles >= before + 100);
        for (var i = 0; i < 10 && TorchExtras.LiveHandles > before; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.True(TorchExtras.LiveHandles <= before);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Leak()
        {
            for (var i = 0; i < 100; i++)
                _ = ones(1);
        }
    }
}
