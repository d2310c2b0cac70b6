using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Data;

public sealed class BatchLoaderTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    /// <summary>The same draws with and without: what is left is the offset, constant over each channel.</summary>
    [Fact]
    public void Offset_noise_is_a_number_for_each_channel_which_per_channel_scales_by_the_channels_deviation()
    {
        using var scope = NewDisposeScope();
        var plain = Batch(new());
        var offset = Batch(new() { NoiseOffset = 0.1 }).Noise - plain.Noise;
        var scaled = Batch(new() { NoiseOffset = 0.1, NoiseOffsetType = NoiseOffsetType.PerChannel }).Noise - plain.Noise;
        Assert.True(offset.std([2, 3]).max().item<float>() < 1e-6);
        Assert.True((scaled - (offset * plain.Latents.std([2, 3], keepdim: true))).abs().max().item<float>() < 1e-6);
        Assert.True(offset.abs().max().item<float>() > 1e-3);
    }

    private TrainBatch Batch(LossSettings loss)
    {
        using var sd = NotebookKit.Pipeline.StableDiffusion.Load(tiny.Folder);
        var options = new TrainOptions
        {
            Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a zwx toy" }],
            Loss = loss,
            Saving = new() { Output = "unused" }
        }.ForBase(sd);
        using var data = new TrainData(sd, options);
        foreach (var _ in data.Prepare(default))
        {
        }

        using var weights = TrainedWeights.Create(sd, options);
        using var loader = new BatchLoader(sd, options, data, weights);
        return loader.Load(data.Epoch(0).First().Batches[0]);
    }
}
