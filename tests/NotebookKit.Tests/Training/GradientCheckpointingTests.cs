using NotebookKit.Lora;
using NotebookKit.Tests.Lora;
using NotebookKit.Tests.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

public sealed class GradientCheckpointingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void The_unets_gradients_are_the_same()
    {
        using var unet = GoldenBase.UNet();
        foreach (var parameter in unet.parameters())
            parameter.requires_grad_(true);
        using var random = new Generator(3);
        var latents = randn([2, 4, 32, 32], generator: random);
        var context = randn([2, 77, unet.Config.CrossAttentionDim], generator: random);
        var timesteps = tensor(new[] { 40L, 800L });

        Same(Gradients(false), Gradients(true));

        List<Tensor> Gradients(bool checkpointing)
        {
            unet.GradientCheckpointing = checkpointing;
            using (var scope = NewDisposeScope())
                unet.call(latents, timesteps, context).square().mean().backward();
            return Taken(unet.parameters());
        }
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 0.5)] // the same numbers are dropped when a block is computed again
    [InlineData(false, 0)] // the blocks before the first attention have nothing to learn then
    public void Adapters_and_the_text_states_get_the_same_gradients(bool extended, double dropout)
    {
        using var sd = TinyModel.Create();
        foreach (var parameter in sd.UNet.parameters().Concat(sd.TextEncoder.parameters()))
            parameter.requires_grad_(false);
        using var network = LoraNetwork.Inject(sd.UNet, sd.TextEncoder,
            new LoraOptions { Rank = 2, Dropout = dropout, Targets = extended ? LoraTargets.Locon : LoraTargets.Attention });
        using (no_grad())
        {
            foreach (var parameter in network.Parameters)
                parameter.add_(0.01); // up starts at zero, and down would get no gradient
        }

        var latents = randn([1, 4, 8, 8], generator: new Generator(1));
        var losses = new List<float>();
        Same(Gradients(false), Gradients(true));
        Assert.Equal(losses[0], losses[1]);

        List<Tensor> Gradients(bool checkpointing)
        {
            sd.UNet.GradientCheckpointing = sd.TextEncoder.GradientCheckpointing = checkpointing;
            manual_seed(4);
            var loss = sd.UNet.call(latents, tensor(new[] { 300L }), sd.EncodePrompts(["a zwx toy"])).square().mean();
            loss.backward();
            losses.Add(loss.item<float>());
            return Taken(network.Parameters);
        }
    }

    [Fact]
    public void Without_gradients_nothing_is_checkpointed()
    {
        using var sd = TinyModel.Create();
        using var grad = no_grad();
        var context = sd.EncodePrompts(["a toy"]);
        var latents = randn([1, 4, 8, 8], generator: new Generator(1));
        var plain = sd.UNet.call(latents, tensor(new[] { 300L }), context);
        sd.UNet.GradientCheckpointing = true;
        Assert.True(sd.UNet.GradientCheckpointing);
        Assert.True(plain.equal(sd.UNet.call(latents, tensor(new[] { 300L }), context)).all().item<bool>());
    }

    private static List<Tensor> Taken(IEnumerable<Parameter> parameters)
    {
        var taken = new List<Tensor>();
        foreach (var parameter in parameters)
        {
            taken.Add(parameter.grad!.clone());
            parameter.grad = null;
        }

        return taken;
    }

    private static void Same(List<Tensor> expected, List<Tensor> got)
    {
        Assert.Equal(expected.Count, got.Count);
        Assert.Contains(expected, gradient => gradient.abs().max().item<float>() > 0);
        // Where a tensor is used several times its gradient's parts, a dozen at most, are summed in another order: the last bits may
        // differ.
        var (want, have) = (cat([.. expected.Select(gradient => gradient.flatten())]),
            cat([.. got.Select(gradient => gradient.flatten())]));
        Assert.InRange((want - have).norm().item<float>(), 0, Rounding.Of(16, want.norm().item<float>()));
    }
}
