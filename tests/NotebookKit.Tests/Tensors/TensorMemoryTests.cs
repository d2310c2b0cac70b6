using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

public sealed class TensorMemoryTests
{
    [Fact]
    public void The_resident_set_is_told_and_a_GPUs_memory_only_where_there_is_one()
    {
        Assert.InRange(TensorMemory.ResidentBytes, 10_000_000, TensorMemory.PeakResidentBytes + 1_000_000);
        Assert.Null(TensorMemory.Gpu(CPU));
        Assert.Equal(cuda.is_available(), TensorMemory.Gpu(new Device("cuda")) is not null);
    }

    [Fact]
    public void The_peak_holds_what_was_freed_until_it_begins_anew()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the system cannot start the peak anew");
        var block = ones(128 << 20); // 512 MB, more than malloc keeps and than other threads let go meanwhile
        var held = TensorMemory.ResidentBytes;
        Assert.InRange(TensorMemory.PeakResidentBytes, held - 50_000_000, long.MaxValue);
        block.Dispose();
        Assert.InRange(TensorMemory.ResidentBytes, 0, held - 350_000_000);
        Assert.InRange(TensorMemory.PeakResidentBytes, held - 50_000_000, long.MaxValue);
        Assert.True(TensorMemory.ResetPeak());
        Assert.InRange(TensorMemory.PeakResidentBytes, 0, held - 350_000_000);
    }

    [Fact]
    public void Ten_thousand_training_steps_take_no_more_memory_than_two_thousand()
    {
        using var outer = NewDisposeScope();
        manual_seed(1);
        using var net = nn.Sequential(Layers.Linear(8, 16), Layers.LayerNorm(16), nn.GELU(), Layers.Linear(16, 1));
        using var optimizer = optim.AdamW(net.parameters(), lr: 1e-3, weight_decay: 0.01);
        var x = randn(16, 8);
        var y = x.sum(1, keepdim: true);

        long tensors = 0, resident = 0;
        for (var step = 1; step <= 10_000; step++)
        {
            using (NewDisposeScope())
            {
                var loss = nn.functional.mse_loss(GradientCheckpoint.Run(inputs => net.call(inputs[0]), x), y);
                optimizer.zero_grad();
                loss.backward();
                GradientCheckpoint.ThrowWhatFailed();
                _ = nn.utils.clip_grad_norm_(net.parameters(), 1);
                optimizer.step();
            }

            // Garbage between the steps is the collector's to keep or not: it would hide what is lost.
            if (step % 500 == 0)
                GC.Collect();
            if (step == 2000)
                (tensors, resident) = (LiveTensors.Count(), TensorMemory.ResidentBytes);
        }

        Assert.Equal(tensors, LiveTensors.Count());
        // No step may keep 1 kB: 8,000 of them would be 8 MB.
        Assert.InRange(TensorMemory.ResidentBytes - resident, long.MinValue, 8_000_000);
    }
}
