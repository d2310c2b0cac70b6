using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Methods;

public sealed class TextualInversionTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private TrainOptions Options => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "[filewords]", InstanceToken = "zwx", ClassToken = "toy" }],
        Method = TrainMethod.TextualInversion,
        Intervals = new() { Epochs = 3 },
        TokenVectors = 2,
        Samples = new() { Steps = 2 },
        Saving = new() { Output = _folder["zwx.safetensors"] },
    };

    [Fact]
    public void Only_the_new_word_is_learned_and_its_file_brings_it_back()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        using var scope = NewDisposeScope();
        var weights = sd.UNet.parameters().Concat(sd.TextEncoder.parameters()).Select(parameter => parameter.detach().clone()).ToList();
        var before = sd.EncodePrompts(["a zwx toy", "a toy"]);
        var result = new DreamBoothTrainer(sd, Options).Train();
        Assert.Equal(9, result.History.Count);
        Assert.All(result.History, step => Assert.Equal((null, 5e-3), (step.PriorLoss, step.LearningRate)));
        Assert.All(sd.UNet.parameters().Concat(sd.TextEncoder.parameters()).Zip(weights),
            pair => Assert.True(pair.First.Equals(pair.Second)));
        Assert.True(sd.EncodePrompts(["a zwx toy", "a toy"]).Equals(before)); // taken off again

        var file = Assert.Single(Safetensors.Load(result.Output));
        Assert.Equal(("zwx", 2L, 16L), (file.Key, file.Value.shape[0], file.Value.shape[1]));
        using (var word = TokenEmbedding.Load(result.Output, sd))
        {
            var with = sd.EncodePrompts(["a zwx toy", "a toy"]);
            Assert.False(with[0].Equals(before[0]));
            Assert.True(with[1].Equals(before[1]));
        }

        Assert.True(sd.EncodePrompts(["a zwx toy", "a toy"]).Equals(before));
    }

    [Fact]
    public void A_new_word_starts_as_what_it_is_like()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        using var scope = NewDisposeScope();
        var toy = sd.EncodePrompts(["a toy"]);
        using var word = TokenEmbedding.New(sd, "qvr", "toy");
        Rounding.Same(toy, sd.EncodePrompts(["a qvr"]), Rounding.Network);
    }

    [Fact]
    public void It_is_found_as_a_whole_word_only()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var plain = sd.Tokenizer.Encode("a qvrx qvr-toy");
        using var word = TokenEmbedding.New(sd, "qvr", "toy", vectors: 2);
        var first = sd.Tokenizer.VocabularySize;
        Assert.Equal([first, first + 1], sd.Tokenizer.Encode("a qvr").Skip(2).SkipLast(1));
        Assert.Equal(sd.Tokenizer.Encode("a qvrx").Skip(1).SkipLast(1), plain.Skip(1).Take(sd.Tokenizer.Encode("a qvrx").Count - 2));
        Assert.Contains(first, sd.Tokenizer.Encode("a qvr-toy"));
    }

    [Fact]
    public void Another_bases_word_is_refused()
    {
        Safetensors.Save(_folder["other.safetensors"], new Dictionary<string, Tensor> { ["zwx"] = zeros([1, 768]) });
        using var sd = StableDiffusion.Load(tiny.Folder);
        Assert.Empty(sd.Tokenizer.AddedWords);
        Assert.Contains("768", Assert.ThrowsAny<BadInputException>(() => TokenEmbedding.Load(_folder["other.safetensors"], sd)).Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
