using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class MemoryTests
{
    [Fact]
    public void Ten_thousand_training_steps_take_no_more_memory_than_a_thousand()
    {
        using var outer = NewDisposeScope();
        var threads = get_num_threads();
        set_num_threads(1);
        try
        {
            manual_seed(1);
            using var net = nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 1));
            using var optimizer = optim.AdamW(net.parameters(), lr: 1e-3, weight_decay: 0.01);
            var x = randn(16, 8);
            var y = x.sum(1, keepdim: true);

            long handles = 0, resident = 0;
            for (var step = 1; step <= 10_000; step++)
            {
                using (NewDisposeScope())
                {
                    var loss = nn.functional.mse_loss(net.call(x), y);
                    optimizer.zero_grad();
                    loss.backward();
                    _ = nn.utils.clip_grad_norm_(net.parameters(), 1);
                    optimizer.step();
                }

                // Garbage between the steps is the collector's to keep or not: it would hide what is lost.
                if (step % 500 == 0)
                    GC.Collect();
                if (step == 2000)
                {
                    handles = TorchExtras.LiveHandles;
                    resident = Settled();
                }
            }

            // Exactly as many tensors, and no step may keep 1 kB: 8,000 of them would be 8 MB.
            Assert.True(TorchExtras.LiveHandles <= handles, $"{handles} tensors after 2,000 steps, {TorchExtras.LiveHandles} after 10,000");
            var grown = Settled() - resident;
            Assert.True(grown < 8_000_000, $"{grown} bytes more after 10,000 steps than after 2,000");
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void Big_tensors_that_nobody_disposes_are_collected_before_memory_is_gone()
    {
        var before = Settled();
        var most = 0L;
        for (var i = 0; i < 300; i++)
        {
            _ = zeros(1024, 1024).add(1);
            most = Math.Max(most, TorchExtras.Memory().ResidentBytes);
        }

        // 2.5 GB were made in all.
        Assert.True(most - before < 1_000_000_000, $"{(most - before) / 1e6} MB more at the most");
    }

    [Fact]
    public void A_large_tensors_memory_is_kept_for_the_next_one_and_given_back_on_demand()
    {
        TorchExtras.EmptyCache(CPU);
        var before = Settled();
        ones(16 << 20).Dispose(); // 64 MB
        Assert.InRange(Settled() - before, 60_000_000, 80_000_000);
        for (var i = 0; i < 5; i++)
            ones(16 << 20).Dispose();
        Assert.InRange(Settled() - before, 60_000_000, 80_000_000);

        TorchExtras.EmptyCache(CPU);
        Assert.InRange(Settled() - before, long.MinValue, 10_000_000);
    }

    [Fact]
    public void Failing_operators_leave_nothing_behind()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (ones(2, 3), ones(4, 5));
        var before = TorchExtras.LiveHandles;
        for (var i = 0; i < 100; i++)
            Assert.Throws<TorchException>(() => a.matmul(b));
        Assert.Equal(before, TorchExtras.LiveHandles);
    }

    [Fact]
    public void A_disposed_module_and_optimizer_give_everything_back()
    {
        var before = TorchExtras.LiveHandles;
        var net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.SiLU());
        var optimizer = optim.AdamW(net.parameters());
        using (NewDisposeScope())
        {
            net.call(ones(1, 3, 5, 5)).sum().backward();
            optimizer.step();
        }

        optimizer.Dispose();
        net.Dispose();
        Assert.Equal(before, TorchExtras.LiveHandles);
    }

    [Fact]
    public void The_resident_set_is_told_and_a_GPUs_memory_only_where_there_is_one()
    {
        var memory = TorchExtras.Memory();
        Assert.InRange(memory.ResidentBytes, 10_000_000, memory.PeakResidentBytes);
        Assert.Equal(cuda.is_available(), memory.DeviceBytes is not null);
    }

    // The resident set after garbage is gone.
    private static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return TorchExtras.Memory().ResidentBytes;
    }
}
