using NotebookKit.Models;
using NotebookKit.Workshop.Pretraining;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Workshop;

public sealed class LinearPathTests
{
    /// <summary>2×2, 4×4 and 8×8 pixels to a latent.</summary>
    public static TheoryData<string> Presets => [PretrainPreset.Smoke.Name, PretrainPreset.Cpu.Name, PretrainPreset.Cuda.Name];

    [Theory]
    [MemberData(nameof(Presets))]
    public void A_fresh_encoder_gives_the_numbers_of_the_linear_code(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        manual_seed(4);
        var preset = PretrainPreset.Of(name);
        var pictures = WorldPictures.ToModel(WorldPictures.Paint(Diet.Scenes(preset with
        {
            Scenes = 60,
            Faces = 0,
            Individuals = 0,
            HeldOut = 20
        }, 1), preset.PictureSize, TestContext.Current.CancellationToken));
        var pca = new PatchPca(pictures.narrow(0, 0, 60), 1 << (preset.VaeChannels.Length - 1), 4);
        using var vae = new AutoencoderKL(ModelShapes.Vae(preset, 1));
        VaeLearner.Start(vae, pca);
        var held = pictures.narrow(0, 60, 20);
        var code = nn.functional.conv2d(held, pca.EncodeWeight, pca.EncodeBias, strides: [vae.Config.Factor, vae.Config.Factor]);
        var posterior = vae.Encode(held);
        // What is lost: the pictures' own mean squares differ a little, and a square of four keeps eight numbers of twelve.
        var error = (posterior.Mean - code).pow(2).mean().sqrt().item<float>() / code.std().item<float>();
        Assert.InRange(error, 1e-9, 0.03);
        Assert.Equal(Math.Exp(-3), posterior.Std.mean().item<float>(), 4);
    }

    [Fact]
    public void Two_steps_of_a_code_are_the_code()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var code = randn(4, 3, 4, 4, ScalarType.Float64);
        var (basis, left) = LinearPath.Squeeze(code, 12);
        var whole = einsum("lrYX,rcyx->lcYyXx", left, basis).reshape(4, 3, 4, 4);
        Assert.True((whole - code).abs().max().item<double>() < 1e-12);
    }
}
