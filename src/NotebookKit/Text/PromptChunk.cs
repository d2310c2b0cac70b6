namespace NotebookKit.Text;

/// <summary>
/// What the text encoder reads at once: start, up to 75 tokens, and end tokens up to 77. A longer prompt is several chunks,
/// whose states stand one behind the other.
/// </summary>
/// <param name="Ids">77 token ids.</param>
/// <param name="Weights">77 weights, 1 for start, end and padding.</param>
/// <param name="Count">How many tokens of the prompt are in it, 0 to 75.</param>
public sealed record PromptChunk(IReadOnlyList<int> Ids, IReadOnlyList<double> Weights, int Count)
{
    /// <summary>Tokens of the prompt in a full chunk.</summary>
    public const int Capacity = ClipTokenizer.ModelMaxLength - 2;

    /// <summary>How many tokens after a comma may move on to the next chunk together, so that a phrase stays whole.</summary>
    public const int CommaBacktrack = 20;

    /// <summary>Whether any token counts more or less than normal.</summary>
    public bool IsWeighted => Weights.Any(weight => weight != 1);

    /// <summary>A chunk without a word in it.</summary>
    /// <param name="tokenizer">Knows the start, end and padding tokens.</param>
    public static PromptChunk Empty(ClipTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Of(tokenizer, [], []);
    }

    /// <summary>
    /// Cuts a prompt into chunks as the web UI does: <c>BREAK</c> begins a new one; where a chunk is full, what follows its
    /// last comma moves on with the next word, if that comma is at most 20 tokens back.
    /// </summary>
    /// <param name="tokenizer">Words to tokens.</param>
    /// <param name="text">A prompt without <c>AND</c> and changes; see <see cref="SubPrompt"/> and <see cref="PromptSchedule"/>.</param>
    /// <param name="emphasis"><see cref="Emphasis.None"/> takes brackets and <c>BREAK</c> as text, <see cref="Emphasis.Ignore"/> leaves
    /// every weight 1.</param>
    /// <returns>At least one chunk.</returns>
    /// <exception cref="BadInputException">A weight is no sensible number.</exception>
    public static IReadOnlyList<PromptChunk> Cut(ClipTokenizer tokenizer, string text, Emphasis emphasis = Emphasis.Original)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var comma = tokenizer.Vocabulary.IdOf("," + ClipVocabulary.EndOfWord);
        var chunks = new List<PromptChunk>();
        var (ids, weights) = (new List<int>(), new List<double>());
        var lastComma = -1;
        foreach (var piece in emphasis == Emphasis.None ? [new WeightedText(text, 1)] : PromptAttention.Parse(text))
        {
            if (piece.IsBreak)
            {
                Next(ids.Count);
                continue;
            }

            foreach (var id in tokenizer.Encode(piece.Text).Skip(1).SkipLast(1))
            {
                if (id == comma)
                    lastComma = ids.Count;
                else if (ids.Count == Capacity && lastComma >= 0 && ids.Count - lastComma <= CommaBacktrack)
                    Next(lastComma + 1);

                // A word of several vectors stays in one chunk.
                if (ids.Count + Math.Min(Capacity, tokenizer.RunFrom(id)) > Capacity)
                    Next(ids.Count);
                ids.Add(id);
                weights.Add(emphasis == Emphasis.Ignore ? 1 : piece.Weight);
            }
        }

        if (ids.Count > 0 || chunks.Count == 0)
            Next(ids.Count);
        return chunks;

        // The first tokens are a chunk; the others begin the next.
        void Next(int count)
        {
            chunks.Add(Of(tokenizer, ids[..count], weights[..count]));
            ids.RemoveRange(0, count);
            weights.RemoveRange(0, count);
            lastComma = -1;
        }
    }

    private static PromptChunk Of(ClipTokenizer tokenizer, List<int> tokens, List<double> weights)
    {
        var ids = new int[ClipTokenizer.ModelMaxLength];
        var each = new double[ClipTokenizer.ModelMaxLength];
        Array.Fill(ids, tokenizer.EosTokenId);
        Array.Fill(each, 1);
        ids[0] = tokenizer.BosTokenId;
        tokens.CopyTo(ids, 1);
        weights.CopyTo(each, 1);
        // Stable Diffusion 2.x fills up with another token than the one that ends the text.
        Array.Fill(ids, tokenizer.PadTokenId, tokens.Count + 2, ids.Length - tokens.Count - 2);
        return new PromptChunk(ids, each, tokens.Count);
    }
}
