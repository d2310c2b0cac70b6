using NotebookKit.Pipeline;

namespace NotebookKit.Training.Methods;

/// <summary>A new word, and nothing but its embedding (Gal et al. 2022, "An Image is Worth One Word").</summary>
internal sealed class TextualInversion : TrainedWeights
{
    private readonly TokenEmbedding _word;

    public TextualInversion(StableDiffusion sd, TrainOptions options) : base(sd, options)
    {
        _word = TokenEmbedding.New(sd, options.NewToken, options.TokenLike, options.TokenVectors);
        Text = [(_word.Token, _word.Vectors)];
    }

    /// <inheritdoc/>
    public override bool TextLearns(int epoch) => true;

    /// <inheritdoc/>
    private protected override double TextDecay => 0;

    /// <inheritdoc/>
    public override void Save(string path, IReadOnlyDictionary<string, string> metadata) => _word.Save(path, metadata);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _word.Dispose();
        base.Dispose();
    }
}
