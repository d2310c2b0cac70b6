using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline;

public sealed class IdentifierProbeTests : IDisposable
{
    private readonly StableDiffusion _model = TinyModel.Create();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void A_word_lies_where_its_tokens_lie()
    {
        SetRow("sks</w>", 40);
        using (var probe = new IdentifierProbe(_model))
        {
            var far = probe.Judge("sks").Embedding!;
            Assert.True(far.FromAverage > far.MedianFromAverage && far.Percentile > 99, far.ToString());
            Assert.Equal(6, far.Neighbours.Count);
            Assert.Equal(far.Neighbours.OrderByDescending(neighbour => neighbour.Similarity), far.Neighbours);
            Assert.DoesNotContain("sks</w>", far.Neighbours.Select(neighbour => neighbour.Token));
        }

        using (no_grad())
            Table[Id("sks</w>")].copy_(Table.mean([0]));
        using var after = new IdentifierProbe(_model);
        Assert.InRange(after.Judge("sks").Embedding!.Percentile, 0, 0.1);
    }

    [Fact]
    public void A_word_with_a_twin_is_no_good_name()
    {
        SetRow("sks</w>", 5);
        SetRow("soup</w>", 5);
        using var probe = new IdentifierProbe(_model, "toy");
        var rarity = probe.Judge("sks");
        Assert.Equal(("soup</w>", Id("soup</w>")), (rarity.Embedding!.Neighbours[0].Token, rarity.Embedding.Neighbours[0].Id));
        Assert.Equal(1, rarity.Embedding.Neighbours[0].Similarity, 5);
        Assert.Equal((1, 1), (Math.Round(probe.Similarity("sks", "soup"), 4), Math.Round(probe.Similarity("sks soup", "soup"), 4)));
        Assert.InRange(probe.Similarity("sks", "rabbit"), -0.99, 0.99);
        Assert.Equal(IdentifierVerdict.Fair, rarity.Verdict);
        Assert.Contains(rarity.Reasons, reason => reason.Contains("almost that of soup</w>", StringComparison.Ordinal));
        Assert.Equal(IdentifierVerdict.Good, IdentifierRarity.Of("sks", "toy").Verdict);
    }

    [Fact]
    public void It_draws_the_word_before_its_class()
    {
        using var probe = new IdentifierProbe(_model, "rabbit toy");
        Assert.Equal(("a photo of zwx rabbit toy", "a photo of rabbit toy"), (probe.PromptFor("zwx"), probe.PromptFor("")));
        var pictures = probe.Draw("zwx", count: 2, seed: 5, guidanceScale: 3, steps: 2);
        var same = _model.Sample(new SampleOptions
        {
            Prompt = "a photo of zwx rabbit toy",
            Count = 2,
            Seed = 5,
            GuidanceScale = 3,
            Steps = 2
        });
        Assert.Equal(same.Select(picture => picture.Pixels), pictures.Select(picture => picture.Pixels));
    }

    private Tensor Table => _model.TextEncoder.TextModel.Embeddings.TokenEmbedding.weight!;

    private long Id(string token) => _model.Tokenizer.Vocabulary.IdOf(token)!.Value;

    private void SetRow(string token, float value)
    {
        using var noGrad = no_grad();
        Table[Id(token)].fill_(value);
    }
}
