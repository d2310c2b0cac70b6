using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Tests.Lora;
using NotebookKit.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>What the step promises beyond the reference runs that the parity tests repeat.</summary>
public sealed class TrainStepTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Dictionary<string, Tensor> _data = GoldenBase.Load("training", "data.safetensors");

    [Fact]
    public void Accumulated_batches_move_the_weights_as_one_large_batch_does()
    {
        var large = Train([[0, 1]]);
        var small = Train([[0], [1]]);
        foreach (var (name, weight) in large)
            Assert.True((weight - small[name]).abs().max().item<float>() < 1e-6, name);

        Dictionary<string, Tensor> Train(int[][] batches)
        {
            using var unet = GoldenBase.UNet();
            // Plain SGD: Adam would magnify the last bits of gradients that are nearly zero.
            using var optimizer = optim.SGD(unet.parameters(), 1e-3);
            var step = Step(unet, optimizer, new TrainOptions { GradientAccumulation = batches.Length });
            foreach (var batch in batches)
                step.Accumulate(Pick("latents", batch), Pick("noise", batch), Pick("timesteps", batch), Pick("context", batch), withClass: false);
            step.Update(1);
            return unet.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_prior_term_counts_exactly_by_its_weight_in_the_gradient(int half)
    {
        // The gradient is linear in the loss: (g(w) - g(0)) must be w · (g(1) - g(0)) at every batch size.
        using var unet = GoldenBase.UNet();
        var none = Gradient(0);
        var whole = Gradient(1);
        var some = Gradient(0.37);
        var difference = (some - none - (0.37 * (whole - none))).norm().item<float>();
        Assert.True(difference <= 1e-5 * (whole - none).norm().item<float>(), $"off by {difference}");

        Tensor Gradient(double weight)
        {
            using var optimizer = optim.SGD(unet.parameters(), 0.0);
            var step = Step(unet, optimizer, new TrainOptions { PriorLossWeight = weight });
            int[] rows = [.. Enumerable.Range(0, 2 * half)];
            step.Accumulate(Pick("latents", rows), Pick("noise", rows), Pick("timesteps", rows), Pick("context", rows), withClass: true);
            var gradient = cat([.. unet.parameters().Select(parameter => parameter.grad!.flatten())]).clone();
            optimizer.zero_grad();
            return gradient;
        }
    }

    [Fact]
    public void A_step_keeps_no_tensor()
    {
        using var unet = GoldenBase.UNet();
        using var optimizer = optim.AdamW(unet.parameters(), 1e-4, weight_decay: 0.01);
        var step = Step(unet, optimizer, new TrainOptions());
        Run();
        var before = NotebookKit.Torch.TorchExtras.LiveHandles;
        Run();
        Run();
        Assert.Equal(before, NotebookKit.Torch.TorchExtras.LiveHandles);

        void Run()
        {
            using var scope = NewDisposeScope();
            step.Accumulate(_data["latents"][0], _data["noise"][0], _data["timesteps"][0], _data["context"][0], withClass: true);
            step.Update(1);
        }
    }

    public void Dispose() => _scope.Dispose();

    private static TrainStep Step(UNet2DConditionModel unet, optim.Optimizer optimizer, TrainOptions options) =>
        new(unet, new SchedulerConfig(), optimizer, new LrSchedule("constant", 1e-3, 0, 10), options);

    // The first picture of each of the chosen batches.
    private Tensor Pick(string name, int[] batches) =>
        _data[name].index_select(0, tensor(batches.Select(i => (long)i).ToArray())).select(1, 0);
}
