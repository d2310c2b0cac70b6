using NotebookKit.Workshop.Pretraining;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Workshop;

public class PretrainingPartsTests
{
    [Fact]
    public void A_budget_is_used_up_by_whichever_comes_first()
    {
        var budget = new Budget(100, 10);
        Assert.Equal(0.5, budget.Progress(50, 1));
        Assert.Equal(0.9, budget.Progress(50, 9));
        Assert.Equal(1, budget.Progress(500, 1));
        Assert.Equal(0.5, new Budget(100, double.PositiveInfinity).Progress(50, 1e9));
    }

    [Fact]
    public void The_learning_rate_warms_up_stays_and_falls_by_a_cosine()
    {
        var settings = new TrainerSettings
        {
            Stage = "s",
            Seed = 1,
            LearningRate = 1,
            WarmupSteps = 10,
            FlatShare = 0.3,
            FinalLearningRate = 0
        };
        Assert.Equal(0.1, settings.Rate(0, 0), 12);
        Assert.Equal(1, settings.Rate(9, 0), 12);
        Assert.Equal(1, settings.Rate(1000, 0.3), 12);
        Assert.Equal(0.5, settings.Rate(1000, 0.65), 12);
        Assert.Equal(0, settings.Rate(1000, 1), 12);
    }

    [Fact]
    public void Timesteps_go_to_high_noise_first_and_spread_out_later()
    {
        var alphas = Enumerable.Range(0, 1000).Select(t => 1 - (t / 1001f) - 0.0005f).ToArray();
        var bias = new TimestepBias(alphas, 0.5, further: false);
        var early = bias.Draw(20_000, 0, new Random(1)).Timesteps;
        var late = bias.Draw(20_000, 0.9, new Random(1)).Timesteps;
        // The first phase's density is 0.25 below 150 and 1.25 above 450: its integral is 0.0375 + 0.225 + 0.6875.
        Assert.Equal(0.0375 / 0.95, early.Count(t => t < 150) / 20_000.0, 0.01);
        Assert.Equal(0.6875 / 0.95, early.Count(t => t >= 450) / 20_000.0, 0.015);
        Assert.True(late.Count(t => t < 150) > 2 * early.Count(t => t < 150) * 0.9);
        Assert.All(early.Concat(late), t => Assert.InRange(t, 0, 999));
        // At the end the middle lies at less noise than where the second phase began, and there a model that goes on begins.
        var (second, last) = (bias.Draw(20_000, 0.55, new Random(1)), bias.Draw(20_000, 1, new Random(1)));
        Assert.True(second.Timesteps.Average() > last.Timesteps.Average() + 50);
        Assert.Equal(second.Timesteps, new TimestepBias(alphas, 0.5, further: true).Draw(20_000, 0, new Random(1)).Timesteps);
    }

    [Fact]
    public void Weights_cap_the_signal_to_noise_ratio_at_five()
    {
        float[] alphas = [0.5f, 0.9f, 0.01f];
        var drawn = new TimestepBias(alphas, 0, further: false).Draw(200, 0, new Random(3));
        foreach (var (t, weight) in drawn.Timesteps.Zip(drawn.Weights))
        {
            var snr = alphas[t] / (1 - alphas[t]);
            Assert.Equal(Math.Min(snr, 5) / snr * Math.Min(1 / alphas[t], 8), weight, 4);
        }
    }

    [Fact]
    public void Orthogonal_iteration_finds_the_leading_eigenvectors()
    {
        // V diag(9, 4, 1) Vᵀ for a rotation in the first two coordinates.
        var (c, s) = (Math.Cos(0.4), Math.Sin(0.4));
        double[] matrix = [(9 * c * c) + (4 * s * s), 5 * c * s, 0, 5 * c * s, (9 * s * s) + (4 * c * c), 0, 0, 0, 1];
        var (vectors, values) = PatchPca.Leading(matrix, 3, 2);
        Assert.Equal(9, values[0], 9);
        Assert.Equal(4, values[1], 9);
        Assert.Equal(Math.Tan(0.4), vectors[0][1] / vectors[0][0], 9);
    }

    [Fact]
    public void The_patch_code_keeps_pictures_of_few_components_in_white_latents()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        // Every patch is a mixture of three fixed patches around a mean colour: three numbers tell it.
        var basis = randn(3, 3, 4, 4) * 0.2;
        var mix = randn(20 * 16, 3);
        var patches = mix.mm(basis.view(3, 48)) + 0.1; // (patches, 48)
        var pictures = patches.view(20, 4, 4, 3, 4, 4).permute(0, 3, 1, 4, 2, 5).reshape(20, 3, 16, 16);
        var pca = new PatchPca(pictures, 4, 3);
        var latents = nn.functional.conv2d(pictures, pca.EncodeWeight, pca.EncodeBias, strides: [4, 4]);
        Assert.Equal(1, latents.std().item<float>(), 0.01f);
        var numbers = latents.permute(0, 2, 3, 1).reshape(-1, 3);
        var wanted = mix - mix.mean([0]);
        var back = numbers.mm(linalg.lstsq(numbers, wanted).Solution);
        Assert.True((back - wanted).abs().max().item<float>() < 1e-3);
    }
}
