using System.Globalization;
using NotebookKit.Images;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// Asks a base model what it already ties to a candidate identifier: where the word's embedding lies, which tokens are near
/// it, and what it draws. What <see cref="IdentifierRarity"/> tells from the tokenizer alone is part of the answer.
/// </summary>
public sealed class IdentifierProbe : IDisposable
{
    // Two tokens this close mean the same to the text encoder.
    private const double AlmostTheSame = 0.8;
    private readonly StableDiffusion _model;
    private readonly string? _className;
    private readonly Tensor _centred; // (V, D)
    private readonly Tensor _norms; // (V)
    private readonly float[] _sorted;

    /// <summary>A probe into a model's text encoder.</summary>
    /// <param name="model">The base, before any training; it stays its owner's.</param>
    /// <param name="className">The class that identifiers will stand before, like "rabbit toy", or null.</param>
    public IdentifierProbe(StableDiffusion model, string? className = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this._model, this._className) = (model, className);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var table = model.TextEncoder.TextModel.Embeddings.TokenEmbedding.weight!.to(ScalarType.Float32);
        _centred = table - table.mean([0], keepdim: true);
        _norms = _centred.pow(2).sum(1).sqrt();
        _sorted = _norms.cpu().data<float>().ToArray();
        Array.Sort(_sorted);
        _centred.MoveToOuterDisposeScope();
        _norms.MoveToOuterDisposeScope();
        _centred.DetachFromDisposeScope();
        _norms.DetachFromDisposeScope();
    }

    /// <summary>Judges a word: by its tokens, and by where its embedding lies in this model.</summary>
    /// <param name="word">The candidate, one word.</param>
    /// <param name="neighbours">How many near tokens to list.</param>
    /// <returns>The verdict, with <see cref="IdentifierRarity.Embedding"/>.</returns>
    /// <exception cref="BadInputException">The word is empty or several words.</exception>
    public IdentifierRarity Judge(string word, int neighbours = 6)
    {
        var rarity = IdentifierRarity.Of(word, _className, _model.Tokenizer);
        var embedding = Embed(rarity.Ids, neighbours);
        var near = string.Join(", ", embedding.Neighbours.Take(3)
            .Select(neighbour => neighbour.Token.Replace(ClipVocabulary.EndOfWord, "", StringComparison.Ordinal)));
        var reasons = rarity.Reasons.Append(string.Create(CultureInfo.InvariantCulture,
            $"In this text encoder it lies {embedding.FromAverage:0.###} from the average of all tokens (half of them lie within "
                + $"{embedding.MedianFromAverage:0.###}); nearest: {near}.")).ToList();
        var verdict = rarity.Verdict;
        if (embedding.Neighbours.FirstOrDefault() is { Similarity: > AlmostTheSame } twin)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture,
                $"Its embedding is almost that of {twin.Token} (similarity {twin.Similarity:0.00}), so it means nearly the same."));
            verdict = verdict == IdentifierVerdict.Good ? IdentifierVerdict.Fair : verdict;
        }

        return rarity with { Verdict = verdict, Reasons = reasons, Embedding = embedding };
    }

    /// <summary>How alike two words are to the text encoder, before it has read them in a sentence.</summary>
    /// <param name="word">One or more words.</param>
    /// <param name="other">One or more words.</param>
    /// <returns>The cosine between their tokens' mean embeddings, seen from the average of all tokens: 1 the same, 0 unrelated.</returns>
    /// <exception cref="BadInputException">A word is empty.</exception>
    public double Similarity(string word, string other)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (a, b) = (MeanOf(IdsOf(word)), MeanOf(IdsOf(other)));
        return ((a * b).sum() / (a.pow(2).sum() * b.pow(2).sum()).sqrt()).to(ScalarType.Float64).item<double>();
    }

    /// <summary>What the prompt is that <see cref="Draw"/> draws.</summary>
    /// <param name="word">The candidate; empty for the class alone.</param>
    public string PromptFor(string word) =>
        string.Join(' ', new[] { "a photo of", word, _className }.Where(part => !string.IsNullOrEmpty(part)));

    /// <summary>What the model draws for <c>a photo of WORD CLASS</c>: ordinary pictures of the class, if the word says nothing to
    /// it.</summary>
    /// <param name="word">The candidate; empty for the class alone, to compare with.</param>
    /// <param name="count">How many pictures.</param>
    /// <param name="seed">The first one's seed: the same seeds for every word, or they cannot be compared.</param>
    /// <param name="guidanceScale">As in <see cref="SampleOptions.GuidanceScale"/>.</param>
    /// <param name="steps">As in <see cref="SampleOptions.Steps"/>.</param>
    /// <param name="cancel">Stops between two steps.</param>
    public IReadOnlyList<RgbImage> Draw(string word, int count = 4, ulong seed = 1, double guidanceScale = 4, int steps = 20,
        CancellationToken cancel = default) =>
        _model.Sample(new SampleOptions
        {
            Prompt = PromptFor(word),
            Count = count,
            Seed = seed,
            GuidanceScale = guidanceScale,
            Steps = steps
        }, null, cancel);

    /// <summary>Frees the copy of the token table.</summary>
    public void Dispose()
    {
        _centred.Dispose();
        _norms.Dispose();
    }

    private WordEmbedding Embed(IReadOnlyList<int> ids, int neighbours)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var word = MeanOf(ids);
        var distance = ids.Average(id => _norms[id].to(ScalarType.Float32).item<float>());
        var cosines = _centred.mv(word).div(_norms * word.pow(2).sum().sqrt() + 1e-12).cpu().data<float>().ToArray(); // (V)
        var near = Enumerable.Range(0, Math.Min(cosines.Length, _model.Tokenizer.VocabularySize)).Except(ids)
            .OrderByDescending(id => cosines[id]).Take(neighbours)
            .Select(id => new EmbeddingNeighbour(_model.Tokenizer.TokenOf(id), id, cosines[id])).ToList();
        var closer = _sorted.Count(other => other < distance);
        return new WordEmbedding(distance, _sorted[_sorted.Length / 2], 100.0 * closer / _sorted.Length, near);
    }

    private List<int> IdsOf(string word) => _model.Tokenizer.Encode(word).Skip(1).SkipLast(1).ToList() is { Count: > 0 } ids
        ? ids
        : throw new BadInputException("The word is empty; give one.");

    // (D)
    private Tensor MeanOf(IReadOnlyList<int> ids) =>
        _centred.index_select(0, tensor(ids.Select(id => (long)id).ToArray()).to(_centred.device)).mean([0]);
}
