using NotebookKit.Workshop.Bench;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Workshop.Bench;

public sealed class CountingAllocatorTests
{
    public static TheoryData<bool> Devices => [false, true];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Bytes_come_go_and_leave_a_peak(bool meta)
    {
        var (counter, device) = meta ? (CountingAllocator.OfMeta, META) : (CountingAllocator.OfCpu, CPU);
        var before = counter.Now;
        counter.ResetPeak();
        using (var large = empty([3, 1000, 1000], ScalarType.Float32, device))
        {
            Assert.InRange(counter.Now - before, 12_000_000, 12_010_000);
            using var view = large.narrow(0, 1, 2);
            Assert.InRange(counter.Now - before, 12_000_000, 12_010_000);
            using var half = large.to(ScalarType.BFloat16);
            Assert.InRange(counter.Now - before, 18_000_000, 18_020_000);
        }

        Assert.InRange(counter.Now - before, -10_000, 10_000);
        Assert.InRange(counter.Peak - before, 18_000_000, 18_020_000);
        counter.ResetPeak();
        Assert.Equal(counter.Now, counter.Peak);
    }

    [Fact]
    public void What_backward_keeps_is_counted()
    {
        var counter = CountingAllocator.OfCpu;
        using var scope = NewDisposeScope();
        var weight = ones([1000, 1000], requires_grad: true);
        var before = counter.Now;
        Tensor sum;
        using (NewDisposeScope())
            sum = weight.exp().sum().MoveToOuterDisposeScope();
        Assert.InRange(counter.Now - before, 4_000_000, 4_010_000); // exp keeps its result
        sum.backward();
        Assert.InRange(counter.Now - before, 4_000_000, 4_010_000); // and gives it back for the gradient
    }
}
