using NotebookKit.Tensors;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Optimizers;
using NotebookKit.Workshop.Bench;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Memory;

/// <summary>
/// A step of an optimizer goes through the trained numbers in pieces: with all weights of a Stable Diffusion 1.5, one
/// temporary for each number would be 3.4 GB.
/// </summary>
public sealed class OptimizerMemoryTests
{
    private const int Matrices = 64;
    private const long Bytes = 4L * Matrices * 256 * 1024;

    public static TheoryData<OptimizerKind> Kinds => [.. Enum.GetValues<OptimizerKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_step_never_holds_a_temporary_for_every_number(OptimizerKind kind)
    {
        var (kept, moment) = Step(kind, ScalarType.Float32);
        Assert.InRange(moment, 0, Bytes / 4);
        var shapes = Enumerable.Repeat(new long[] { 256, 1024 }, Matrices).ToList();
        Assert.Equal(OptimizerMemory.StateBytes(kind, shapes), kept, 0.01 * kept);
        Assert.InRange(moment, 0, 1.15 * OptimizerMemory.StepBytes(kind, shapes, onGpu: false) + 100_000);
    }

    [Fact]
    public void Nor_does_one_of_half_precision_whose_length_is_taken_in_float32() =>
        Assert.InRange(Step(OptimizerKind.Lion, ScalarType.BFloat16, matrices: 96).Moment, 0, (4 * TrainOptimizer.GpuPiece) + 1_000_000);

    [Fact]
    public void Nor_do_averaged_weights_when_they_change_places()
    {
        using var group = Group(ScalarType.Float32, Matrices);
        using var ema = new EmaWeights([group], 0.9);
        var counter = Settled();
        counter.ResetPeak();
        var before = counter.Now;
        ema.Update();
        using (ema.Swap())
            Assert.InRange(counter.Peak - before, 0, Bytes / 4);
    }

    private static OptimizerGroup Group(ScalarType dtype, int matrices) =>
        new(new FlatParameters(Enumerable.Range(0, matrices).Select(_ => new Parameter(ones([256, 1024], dtype)))), 1e-3);

    // What the optimizer keeps, and what a later step needs besides.
    private static (long Kept, long Moment) Step(OptimizerKind kind, ScalarType dtype, int matrices = Matrices)
    {
        using var group = Group(dtype, matrices);
        using var optimizer = TrainOptimizers.Create(kind, [group]);
        var counter = Settled();
        var before = counter.Now;
        Once();
        var kept = counter.Now - before;
        counter.ResetPeak();
        Once();
        return (kept, counter.Peak - counter.Now);

        void Once()
        {
            using (no_grad())
                group.Gradient.fill_(0.5);
            var length = optimizer.GradientNorm();
            optimizer.Step(1 / length);
            optimizer.ZeroGradient();
        }
    }

    // Tensors that earlier tests left to the collector would be counted as given back by this one.
    private static CountingAllocator Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return CountingAllocator.OfCpu;
    }
}
