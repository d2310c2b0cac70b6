using NotebookKit.Schedulers;
using NotebookKit.Tests.Lora;
using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Optimizers;

public sealed class Adam8bitTests : IDisposable
{
    // The distance that the kit states, in parts of the whole update.
    private const double Distance = 0.15;
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void The_reference_run_ends_within_the_stated_distance_of_32_bits()
    {
        var start = Weights(0, _ => throw new InvalidOperationException());
        var exact = Weights(10, groups => TrainOptimizers.Create(OptimizerKind.AdamW, groups));
        // Every tensor quantised, however small: the reference model has few large ones.
        var small = Weights(10, groups => new AdamW8bit(groups, smallest: 0));
        var update = (exact.Weights - start.Weights).norm().item<float>();
        var distance = (exact.Weights - small.Weights).norm().item<float>();
        Assert.True(distance > 0, "nothing was quantised");
        Assert.True(distance < Distance * update, $"{distance / update:0.000} of the update");
        foreach (var (want, got) in exact.Losses.Zip(small.Losses))
            Assert.Equal(want, got, 2e-3 * want);
    }

    private static (Tensor Weights, IReadOnlyList<double> Losses) Weights(int steps, Func<OptimizerGroup[], TrainOptimizer> make)
    {
        var data = GoldenBase.Load("training", "data.safetensors");
        using var unet = GoldenBase.UNet();
        var losses = new List<double>();
        if (steps > 0)
        {
            foreach (var parameter in unet.parameters())
                parameter.requires_grad_(true);
            using var optimizer = make([new(unet.parameters(), 1e-4)]);
            using var step = new TrainStep(unet, new SchedulerConfig(), optimizer, new LrSchedule("constant", 1e-4, 0, steps),
                new TrainOptions { Learning = new() { MaxGradNorm = 0 } });
            for (var i = 0; i < steps; i++)
            {
                step.Accumulate(new TrainBatch(data["latents"][i], data["noise"][i], data["timesteps"][i], data["context"][i], 1));
                losses.Add(step.Update(1).Loss);
            }
        }

        return (cat([.. unet.parameters().Select(parameter => parameter.detach().flatten())]), losses);
    }
}
