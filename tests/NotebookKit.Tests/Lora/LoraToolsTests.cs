using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Lora.Use;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using NotebookKit.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

public sealed class LoraToolsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly StableDiffusion _sd = TinyModel.Create();
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_size_is_the_size_of_the_file_to_the_byte()
    {
        foreach (var options in new[] { new LoraOptions { Rank = 3 }, new LoraOptions { Rank = 5, ConvRank = 2, Targets = LoraTargets.All },
            new LoraOptions { Rank = 2, Dora = DoraNorm.PerInput }, new LoraOptions { Rank = 2, Init = LoraInit.Pissa } })
        {
            foreach (var dtype in new[] { ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16 })
            {
                using var network = LoraNetwork.Inject(_sd.UNet, _sd.TextEncoder, options);
                (network.ToFile() with { Metadata = new Dictionary<string, string>() }).Write(_folder["net.safetensors"], dtype);
                Assert.Equal(new FileInfo(_folder["net.safetensors"]).Length,
                    LoraSize.Of(_sd.UNet, _sd.TextEncoder, options, dtype).FileBytes);
                Assert.Equal(network.Parameters.Sum(parameter => parameter.NumberOfElements) * (options.Init == LoraInit.Pissa ? 2 : 1),
                    LoraSize.Of(_sd.UNet, _sd.TextEncoder, options, dtype).Parameters);
            }
        }
    }

    [Fact]
    public void Rank_32_of_Stable_Diffusion_is_37_MB_by_kohya_49_by_the_extension_and_123_by_its_extended_set()
    {
        long Payload(LoraTargets targets, ScalarType dtype) =>
            LoraSize.Of(Sd15.UNet, Sd15.TextEncoder, new LoraOptions { Rank = 32, Targets = targets }, dtype).PayloadBytes;
        Assert.Equal(37_749_264, Payload(LoraTargets.Kohya, ScalarType.Float16));
        Assert.Equal(49.3, Payload(LoraTargets.Extension, ScalarType.Float32) / 1e6, 0.05);
        Assert.Equal(122.6, Payload(LoraTargets.Extended, ScalarType.Float32) / 1e6, 0.05);
    }

    [Fact]
    public void Merged_is_what_the_adapter_was_and_the_picture_with_it()
    {
        using var network = Trained(_sd, LoraTargets.All, 0);
        network.Multiplier = 0.7;
        var hooked = Predict(_sd);
        network.Merge();
        Rounding.Same(hooked, Predict(_sd), Rounding.Network);
    }

    [Fact]
    public void Extraction_finds_a_change_of_rank_8_again()
    {
        using var tuned = TinyModel.Create();
        using var change = Trained(tuned, LoraTargets.All, 4, rank: 8);
        var expected = change.ToFile();
        var deltas = change.Adapters.ToDictionary(adapter => adapter.Name, adapter => adapter.Adapter.Delta());
        change.Merge();
        var extract = LoraExtract.Of(_sd, tuned, new LoraOptions { Rank = 8, Targets = LoraTargets.All });
        foreach (var module in extract.File.Modules.OfType<LoraWeights>())
        {
            // What is extracted is the difference of two weights, each rounded to its own size, below 1.
            var delta = deltas[module.Module].flatten(1);
            Assert.InRange((module.Matrix() - delta).norm().item<float>(), 0,
                Rounding.Of(delta.shape.Sum(), delta.norm().item<float>()) + Rounding.Of(delta.numel(), 1));
        }

        Assert.Equal(1, extract.Energy, 1e-6);
        Assert.Equal(0, extract.LeftOut, 1e-6);
        Assert.Equal(expected.Modules.Count, extract.File.Modules.Count);
        var live = Predict(tuned);
        using var network = LoraNetwork.Attach(extract.File, _sd.UNet, _sd.TextEncoder, strict: true);
        Rounding.Same(live, Predict(_sd), Rounding.Network);
    }

    [Fact]
    public void Extraction_of_equal_models_says_so()
    {
        using var same = TinyModel.Create();
        Assert.Contains("Nothing differs", Assert.Throws<BadInputException>(() => LoraExtract.Of(_sd, same, new LoraOptions())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Resizing_to_the_full_rank_changes_nothing_and_to_less_keeps_the_most_there_is()
    {
        using var network = Trained(_sd, LoraTargets.Locon, 1, rank: 6);
        var file = network.ToFile();
        var same = LoraResize.Of(file, new ResizeTarget { Rank = 6 });
        Assert.Equal(file.Modules.Count, same.Kept);
        Assert.All(file.Modules.Zip(same.File.Modules),
            pair => Assert.All(pair.First.Parts.Zip(pair.Second.Parts), part => Assert.True(part.First.Tensor.Equals(part.Second.Tensor))));

        var less = LoraResize.Of(file, new ResizeTarget { Rank = 2 });
        foreach (var (before, after) in file.Modules.OfType<LoraWeights>().Zip(less.File.Modules.OfType<LoraWeights>()))
            Assert.Equal(LowRank.BestError(LowRank.SingularValues(before.Matrix()), 2),
                (before.Matrix() - after.Matrix()).norm().item<float>(),
                Rounding.Of(before.Matrix().numel(), before.Matrix().norm().item<float>()));
        Assert.All(LoraResize.Of(file, new ResizeTarget { Energy = 0.5 }).Ranks.Values, rank => Assert.InRange(rank, 1, 5));
        Assert.Equal(LoraResize.Of(file, new ResizeTarget { Energy = 0.81 }).Ranks,
            LoraResize.Of(file, new ResizeTarget { Frobenius = 0.9 }).Ranks);
        Assert.Throws<BadInputException>(() => LoraResize.Of(file, new ResizeTarget()));
    }

    [Fact]
    public void Combining_adds_up_the_changes()
    {
        using var first = Trained(_sd, LoraTargets.Kohya, 1);
        using var second = Trained(_sd, LoraTargets.Locon, 2);
        (first.Multiplier, second.Multiplier) = (0.8, -0.5);
        var both = Predict(_sd);
        var combined = LoraCombine.Of([(first.ToFile(), 0.8), (second.ToFile(), -0.5)]);
        first.Remove();
        second.Remove();
        using var one = LoraNetwork.Attach(combined, _sd.UNet, _sd.TextEncoder, strict: true);
        Rounding.Same(both, Predict(_sd), Rounding.Network);
        Assert.All(LoraCombine.Of([(first.ToFile(), 1), (second.ToFile(), 1)], rank: 3).Modules,
            module => Assert.InRange(module.Rank!.Value, 1, 3));
    }

    [Fact]
    public void Comparing_sees_through_ranks_and_alphas()
    {
        using var network = Trained(_sd, LoraTargets.Kohya, 1);
        var file = network.ToFile();
        Assert.Equal((1.0, 0.0), (Math.Round(LoraCompare.Of(file, file).Cosine, 9), LoraCompare.Of(file, file).Difference));
        var doubled = LoraCombine.Of([(file, 1), (file, 1)]);
        var compare = LoraCompare.Of(file, doubled);
        Assert.Equal(1, compare.Cosine, 1e-6);
        Assert.Equal(0.5, compare.Difference, 1e-6);
        Assert.NotEmpty(LoraCompare.Of(file, file with { Modules = [.. file.Modules.Skip(1)] }).OnlyFirst);
    }

    [Fact]
    public void A_save_is_proved_in_a_fresh_base()
    {
        _sd.Save(_folder["base"], ScalarType.Float32);
        using var sd = StableDiffusion.Load(_folder["base"]);
        using var network = Trained(sd, LoraTargets.Locon, 1);
        network.Save(_folder["net.safetensors"], ScalarType.Float32);
        var proof = LoraProof.Of(_folder["net.safetensors"], sd, network);
        Assert.True(proof.FreshBase);
        Assert.InRange(proof.MaxDifference, 0, Rounding.Of(Rounding.Network, 1));
        Assert.True(proof.Effect > 1e-3);

        using (no_grad())
            network.Parameters.First(parameter => parameter.dim() == 2).mul_(3);
        Assert.True(LoraProof.Of(_folder["net.safetensors"], sd, network).MaxDifference > Rounding.Of(Rounding.Network,
            1)); // another network than was saved
    }

    [Fact]
    public void A_dead_LoRA_is_told_why()
    {
        using var fresh = LoraNetwork.Inject(_sd.UNet, null, new LoraOptions());
        Assert.Contains("never trained", string.Join(' ', LoraInfo.Of(fresh.ToFile()).Diagnosis), StringComparison.Ordinal);
        fresh.Remove();

        using var network = Trained(_sd, LoraTargets.Kohya, 1);
        var notes = new Dictionary<string, string> { ["ss_tag_frequency"] = """{"10_zwx": {"zwx rabbit toy": 5, "beach": 2}}""" };
        var info = LoraInfo.Of(network.ToFile(notes), _sd, "a photo of a bear");
        Assert.Contains("zwx rabbit toy", Assert.Single(info.Diagnosis), StringComparison.Ordinal);
        Assert.Equal(["zwx rabbit toy", "beach"], info.TriggerWords.Keys);
        Assert.Empty(LoraInfo.Of(network.ToFile(notes), _sd, "photo of ZWX on a moon").Diagnosis);
        var captions = new Dictionary<string, string>
        { ["ss_tag_frequency"] = """{"5_zwx": {"a photo of zwx toy in the snow": 1, "a photo of zwx toy on the beach": 1}}""" };
        Assert.Contains("\"zwx toy\"", Assert.Single(LoraInfo.Of(network.ToFile(captions), _sd, "a photo of a dog in the snow").Diagnosis),
            StringComparison.Ordinal); // "photo" and one caption's "snow" do not count
        var style = new Dictionary<string, string>
        { ["ss_tag_frequency"] = """{"5_oil": {"a photo of a dog": 1, "a photo of a cat": 1}}""" };
        Assert.Empty(LoraInfo.Of(network.ToFile(style), _sd, "a house").Diagnosis); // no word wakes a style
        Assert.All(info.Blocks, block => Assert.True(block.Norm > 0 && block.Relative > 0));
        var weak = network.ToFile().Modules.OfType<LoraWeights>().Select(module => module with { Up = module.Up * 1e-6 }).ToList();
        Assert.Contains("too little to be seen", string.Join(' ', LoraInfo.Of(new LoraFile(weak, notes), _sd).Diagnosis),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Tags_of_a_prompt_attach_what_they_name_and_unknown_names_are_answered_with_the_nearest()
    {
        using (var network = Trained(_sd, LoraTargets.Kohya, 1))
            network.Save(_folder["toys", "rabbit.safetensors"], ScalarType.Float32,
                new Dictionary<string, string> { ["ss_output_name"] = "tang-rabbit" });
        var bare = Predict(_sd);
        var library = new LoraLibrary(_folder.Root);
        var (prompt, stack) = LoraStack.Load(_sd, "a toy <lora:rabit:1>, <lora:rabbit:0.5:0.25> <lora:tang-rabbit:-1> <hypernet:x:1>",
            library);
        Assert.Equal("a toy ,   ", prompt);
        Assert.Equal([(0.25, 0.5), (-1, -1)], stack.Networks.Select(entry => (entry.Network.UNetMultiplier, entry.Network.TextMultiplier)));
        Assert.Contains(stack.Warnings, warning => warning.Contains("did you mean rabbit", StringComparison.Ordinal));
        Assert.Contains(stack.Warnings, warning => warning.Contains("hypernet", StringComparison.Ordinal));
        Assert.False(Predict(_sd).Equals(bare));
        stack.Dispose();
        Assert.True(Predict(_sd).Equals(bare));
        Assert.Throws<BadInputException>(() => LoraStack.Load(_sd, "<lora:rabit:1>", library, strict: true));
    }

    [Fact]
    public void The_same_LoRA_twice_counts_with_the_sum_of_its_multipliers()
    {
        using (var network = Trained(_sd, LoraTargets.Kohya, 1))
            network.Save(_folder["rabbit.safetensors"], ScalarType.Float32);
        Tensor With(string tags)
        {
            using var stack = LoraStack.Load(_sd, tags, new LoraLibrary(_folder.Root)).Stack;
            return Predict(_sd);
        }

        Rounding.Same(With("<lora:rabbit:0.8>"), With("<lora:rabbit:0.3><lora:rabbit:0.5>"), Rounding.Network);
        Assert.True(Apart(With("<lora:rabbit:0.3><lora:rabbit:0.5>"), With("<lora:rabbit:1>")) > 1e-4);
    }

    [Fact]
    public void Dyn_uses_only_the_first_directions()
    {
        using (var network = Trained(_sd, LoraTargets.Kohya, 1, rank: 6))
            network.Save(_folder["rabbit.safetensors"], ScalarType.Float32);
        using var stack = LoraStack.Load(_sd, [new LoraTag("rabbit", 1, 1, 2)], new LoraLibrary(_folder.Root));
        var whole = LoraFile.Read(_folder["rabbit.safetensors"]).Modules.OfType<LoraWeights>().ToDictionary(module => module.Module);
        foreach (var (name, layer) in stack.Networks[0].Network.Layers)
        {
            var expected = whole[name].Up.flatten(1).narrow(1, 0, 2).mm(whole[name].Down.flatten(1).narrow(0, 0, 2))
                * whole[name].Scale; // alpha over the whole rank, as in the web UI
            Assert.Equal(2, layer.Rank);
            Rounding.Same(expected, layer.Delta().flatten(1), 2 * 2);
        }
    }

    public void Dispose()
    {
        _folder.Dispose();
        _sd.Dispose();
        _scope.Dispose();
    }

    private static LoraNetwork Trained(StableDiffusion sd, LoraTargets targets, ulong seed, int rank = 4)
    {
        var network = LoraNetwork.Inject(sd.UNet, sd.TextEncoder,
            new LoraOptions { Rank = rank, Alpha = 3, Targets = targets, Seed = seed });
        using var grad = no_grad();
        using var random = new Generator(seed + 9);
        foreach (var (_, layer) in network.Layers)
            layer.Up.copy_(randn(layer.Up.shape, generator: random) * 0.1);
        return network;
    }

    private static Tensor Predict(StableDiffusion sd)
    {
        using var grad = no_grad();
        return sd.UNet.call(randn([1, 4, 8, 8], generator: new Generator(4)), tensor(new[] { 300f }),
            sd.EncodePrompts(["a photo of a toy"]));
    }

    private static double Apart(Tensor one, Tensor other) => (one - other).abs().max().item<float>();
}
