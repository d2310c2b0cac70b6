using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using NotebookKit.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline;

public sealed class EmbeddingLibraryTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly StableDiffusion _sd = TinyModel.Create();
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("moxin.pt", null, 2)]
    [InlineData("module.pt", null, 2)]
    [InlineData("learned_embeds.bin", "<zwx>", 1)]
    public void Files_of_every_tool_are_read_without_running_them(string name, string? token, int vectors)
    {
        var file = EmbeddingFile.Read(House.Golden("embeddings", name));
        Assert.Equal((token, Path.GetFileNameWithoutExtension(name)), (file.Token, file.Name));
        Assert.Equal([vectors, 16], file.Vectors.shape);
        Assert.Equal(15 / 8f, file.Vectors[0, 15].item<float>());
    }

    [Fact]
    public void A_pickle_that_would_run_something_is_refused() =>
        Assert.Contains("posix.system",
            Assert.Throws<BadInputException>(() => EmbeddingFile.Read(House.Golden("embeddings", "evil.pt"))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_word_is_used_where_a_prompt_has_it_in_any_case()
    {
        File.Copy(House.Golden("embeddings", "moxin.pt"), _folder["moxin.pt"]);
        Directory.CreateDirectory(_folder["more"]);
        File.Copy(House.Golden("embeddings", "learned_embeds.bin"), _folder["more", "Red Ink.bin"]);
        var library = new EmbeddingLibrary(_folder.Root);
        var bare = _sd.EncodePrompts(["a moxin toy", "red ink", "a toy"]);
        Assert.Equal(3, library.Words.Count); // two files, and the word that one of them names
        using (var none = library.Attach(_sd, "a moxins toy", "red inks"))
            Assert.Empty(none.Words);
        using (var both = library.Attach(_sd, "a (Moxin:1.2) toy", "worst, red ink"))
        {
            Assert.Equal(["moxin", "Red Ink"], both.Words.Select(word => word.Token).Order(StringComparer.OrdinalIgnoreCase));
            var with = _sd.EncodePrompts(["a moxin toy", "RED INK", "a toy"]);
            Assert.False(with[0].Equals(bare[0]));
            Assert.False(with[1].Equals(bare[1]));
            Assert.True(with[2].Equals(bare[2]));
        }

        Assert.True(_sd.EncodePrompts(["a moxin toy", "red ink", "a toy"]).Equals(bare));
    }

    [Fact]
    public void Each_word_keeps_its_vectors_when_another_goes()
    {
        Tensor one = randn(2, 16), two = randn(1, 16);
        var first = TokenEmbedding.Attach(_sd, "qvr", one);
        using var second = TokenEmbedding.Attach(_sd, "wvr", two);
        var both = _sd.EncodePrompts(["a wvr"]);
        first.Dispose();
        Rounding.Same(both, _sd.EncodePrompts(["a wvr"]), Rounding.Network);
        Assert.Contains("already", Assert.Throws<BadInputException>(() => TokenEmbedding.Attach(_sd, "WVR", one)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_for_another_base_is_a_warning_and_the_rest_works()
    {
        Safetensors.Save(_folder["other.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = zeros(1, 768) });
        Safetensors.Save(_folder["xl.safetensors"],
            new Dictionary<string, Tensor> { ["clip_l"] = zeros(1, 768), ["clip_g"] = zeros(1, 1280) });
        Safetensors.Save(_folder["fits.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = zeros(1, 16) });
        using var words = new EmbeddingLibrary(_folder.Root).Attach(_sd, "other xl fits");
        Assert.Equal("fits", Assert.Single(words.Words).Token);
        Assert.Contains("768 numbers, this base's 16", words.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("SDXL", words.Warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_of_several_vectors_stays_in_one_chunk()
    {
        using var word = TokenEmbedding.Attach(_sd, "qvr", randn(5, 16));
        var chunks = PromptChunk.Cut(_sd.Tokenizer, string.Join(' ', Enumerable.Repeat("toy", 72)) + " qvr toy");
        Assert.Equal([72, 6], chunks.Select(chunk => chunk.Count));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _sd.Dispose();
        _scope.Dispose();
    }
}
