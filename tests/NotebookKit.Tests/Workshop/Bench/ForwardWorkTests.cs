using NotebookKit.Training.Memory;
using NotebookKit.Workshop.Bench;

namespace NotebookKit.Tests.Workshop.Bench;

public sealed class ForwardWorkTests
{
    [Fact]
    public void Of_Stable_Diffusion_1_5_is_what_its_layers_sum_up_to()
    {
        // 512×512: convolutions 221.97, linear layers 116.64, attention 63.03 thousand million multiply-adds.
        var work = ForwardWork.Of(ModelShape.Sd15.UNet, 64);
        Assert.Equal(338.61e9, work.Weights, 0.01e9);
        Assert.Equal(63.03e9, work.Attention, 0.01e9);
        Assert.Equal(803.3e9, work.Forward, 0.05e9);
        Assert.Equal(1.733e12, work.LoraStep, 0.001e12);
        Assert.Equal(2.410e12, work.FullStep, 0.001e12);
    }
}
