using NotebookKit.ToyWorld.Pretraining;
using static TorchSharp.torch;

namespace NotebookKit.Tests.ToyWorld;

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
        var settings = new TrainerSettings { Stage = "s", Seed = 1, LearningRate = 1, WarmupSteps = 10, FlatShare = 0.3, FinalLearningRate = 0 };
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
        var bias = new TimestepBias(alphas, 0.5);
        var early = bias.Draw(20_000, 0, new Random(1)).Timesteps;
        var late = bias.Draw(20_000, 0.9, new Random(1)).Timesteps;
        // The first phase's density is 0.25 below 150 and 1.25 above 450: its integral is 0.0375 + 0.225 + 0.6875.
        Assert.Equal(0.0375 / 0.95, early.Count(t => t < 150) / 20_000.0, 0.01);
        Assert.Equal(0.6875 / 0.95, early.Count(t => t >= 450) / 20_000.0, 0.015);
        Assert.True(late.Count(t => t < 150) > 2 * early.Count(t => t < 150) * 0.9);
        Assert.All(early.Concat(late), t => Assert.InRange(t, 0, 999));
    }

    [Fact]
    public void Weights_cap_the_signal_to_noise_ratio_at_five()
    {
        float[] alphas = [0.5f, 0.9f, 0.01f];
        var drawn = new TimestepBias(alphas, 0).Draw(200, 0, new Random(3));
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
    public void The_patch_code_gives_back_pictures_of_few_components_and_white_latents()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        // Every patch is a mixture of three fixed patches around a mean colour: four components lose nothing.
        var basis = randn(3, 3, 4, 4) * 0.2;
        var mix = randn(20 * 16, 3);
        var patches = mix.matmul(basis.view(3, 48)) + 0.1; // (patches, 48)
        var pictures = patches.view(20, 4, 4, 3, 4, 4).permute(0, 3, 1, 4, 2, 5).reshape(20, 3, 16, 16);
        var pca = new PatchPca(pictures, 4, 3);
        var latents = nn.functional.conv2d(pictures, pca.EncodeWeight, pca.EncodeBias, strides: [4, 4]);
        Assert.Equal(1, latents.std().item<float>(), 0.01f);
        var back = nn.functional.conv2d(latents, pca.DecodeWeight, pca.DecodeBias, padding: [1, 1]).view(20, 3, 4, 4, 4, 4).permute(0, 1, 4, 2, 5, 3).reshape(20, 3, 16, 16);
        Assert.True((back - pictures).abs().max().item<float>() < 1e-3);
    }

    [Fact]
    public void Adam_on_the_flat_vector_follows_torchs_for_every_parameter()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var (a, b) = (nn.Linear(7, 5), nn.Linear(7, 5));
        using (no_grad())
            foreach (var (name, value) in a.named_parameters())
                value.copy_(b.named_parameters().First(p => p.name == name).parameter);
        var settings = new TrainerSettings { Stage = "s", Seed = 1, LearningRate = 0.01, Beta2 = 0.98, WeightDecay = 0.01, ClipNorm = 1e9 };
        using var flat = new FlatParameters([.. a.named_parameters().Select(p => new LearnedTensor(p.name, p.parameter))], null);
        using var mine = new FlatAdamW(flat, flat.Rates(), settings);
        var torchs = optim.AdamW(b.parameters(), 0.01, 0.9, 0.98, 1e-8, 0.01);
        var x = randn(16, 7);
        for (var i = 0; i < 5; i++)
        {
            flat.Gradient.zero_();
            a.call(x).pow(2).mean().backward();
            mine.Step(0.01);
            torchs.zero_grad();
            b.call(x).pow(2).mean().backward();
            torchs.step();
        }
        foreach (var (name, value) in a.named_parameters())
            Assert.True((value - b.named_parameters().First(p => p.name == name).parameter).abs().max().item<float>() < 1e-5, name);
    }

    [Fact]
    public void Frozen_rows_and_rates_are_kept()
    {
        using var scope = NewDisposeScope();
        var table = new TorchSharp.Modules.Parameter(ones(4, 2));
        var other = new TorchSharp.Modules.Parameter(ones(2));
        using var flat = new FlatParameters([new("table", table, 0.5, FrozenFrom: 3), new("other", other, 2)], null);
        Assert.Equal([0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0, 0, 2, 2], flat.Rates().data<float>().ToArray());
        using var adam = new FlatAdamW(flat, flat.Rates(), new TrainerSettings { Stage = "s", Seed = 1, LearningRate = 1 });
        (table.sum() + other.sum()).backward();
        adam.Step(0.1);
        Assert.Equal([1f, 1f], table.detach()[3].data<float>().ToArray());
        Assert.NotEqual(1f, table.detach()[0, 0].item<float>());
    }

    [Fact]
    public void Two_workers_look_at_the_same_weights()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (nn.Linear(3, 2), nn.Linear(3, 2));
        using var first = new FlatParameters([.. a.named_parameters().Select(p => new LearnedTensor(p.name, p.parameter))], null);
        using var second = new FlatParameters([.. b.named_parameters().Select(p => new LearnedTensor(p.name, p.parameter))], first.Values);
        using (no_grad())
            first.Values.fill_(3);
        Assert.Equal(3f, b.weight!.detach()[1, 2].item<float>());
        b.call(ones(1, 3)).sum().backward();
        Assert.Equal(0f, first.Gradient.abs().sum().item<float>());
        Assert.Equal(8f, second.Gradient.sum().item<float>()); // 6 weights and 2 biases of gradient 1
    }
}
