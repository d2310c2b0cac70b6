using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class PromptChunkTests
{
    private static readonly ClipTokenizer Tokenizer = ClipTokenizer.Default;

    [Fact]
    public void A_short_prompt_is_one_chunk_with_the_ids_of_always()
    {
        var chunk = Assert.Single(PromptChunk.Cut(Tokenizer, "a photo of zwx rabbit toy"));
        Assert.Equal(Tokenizer.EncodePadded("a photo of zwx rabbit toy"), chunk.Ids);
        Assert.Equal(7, chunk.Count);
        Assert.False(chunk.IsWeighted);
        Assert.Equal(Tokenizer.EncodePadded(""), PromptChunk.Empty(Tokenizer).Ids);
        Assert.Equal(0, Assert.Single(PromptChunk.Cut(Tokenizer, "")).Count);
    }

    [Fact]
    public void Weights_stand_at_their_tokens()
    {
        var chunk = Assert.Single(PromptChunk.Cut(Tokenizer, "a (zwx rabbit:1.3) [toy]"));
        Assert.Equal([1, 1, 1.3, 1.3, 1.3, 1 / 1.1, 1], chunk.Weights.Take(7));
        Assert.Equal(77, chunk.Weights.Count);
        Assert.False(Assert.Single(PromptChunk.Cut(Tokenizer, "a (zwx:1.3)", Emphasis.Ignore)).IsWeighted);
        Assert.Equal(Tokenizer.EncodePadded("a (zwx:1.3) BREAK"),
            Assert.Single(PromptChunk.Cut(Tokenizer, "a (zwx:1.3) BREAK", Emphasis.None)).Ids);
    }

    [Fact]
    public void Each_chunk_holds_75_tokens_and_there_is_no_end_to_them()
    {
        Assert.Equal([75, 75, 75, 25], PromptChunk.Cut(Tokenizer, Repeat("dog", 250)).Select(chunk => chunk.Count));
        Assert.Equal([75], PromptChunk.Cut(Tokenizer, Repeat("dog", 75)).Select(chunk => chunk.Count));
        Assert.All(PromptChunk.Cut(Tokenizer, Repeat("dog", 250)),
            chunk => Assert.Equal((49406, 49407, 77), (chunk.Ids[0], chunk.Ids[^1], chunk.Ids.Count)));
    }

    [Fact]
    public void A_phrase_moves_on_whole_when_its_comma_is_at_most_twenty_tokens_back()
    {
        // 60 words, a comma, 14 words fill the chunk; the next word takes the 14 along.
        var chunks = PromptChunk.Cut(Tokenizer, Repeat("dog", 60) + ", " + Repeat("cat", 14) + " sun");
        Assert.Equal([61, 15], chunks.Select(chunk => chunk.Count));
        Assert.Equal(Tokenizer.EncodePadded(Repeat("cat", 14) + " sun"), chunks[1].Ids);
        // As far as 20 back, but no farther.
        Assert.Equal([56, 20], PromptChunk.Cut(Tokenizer, Repeat("dog", 55) + ", " + Repeat("cat", 19) + " sun")
            .Select(chunk => chunk.Count));
        Assert.Equal([75, 1], PromptChunk.Cut(Tokenizer, Repeat("dog", 54) + ", " + Repeat("cat", 20) + " sun")
            .Select(chunk => chunk.Count));
        // Where nothing follows, nothing moves; a comma itself goes to the next chunk alone.
        Assert.Equal([75], PromptChunk.Cut(Tokenizer, Repeat("dog", 60) + ", " + Repeat("cat", 14)).Select(chunk => chunk.Count));
        Assert.Equal([75, 2], PromptChunk.Cut(Tokenizer, Repeat("dog", 60) + ", " + Repeat("cat", 14) + ", sun")
            .Select(chunk => chunk.Count));
        // Weights move along with their tokens.
        var weighted = PromptChunk.Cut(Tokenizer, Repeat("dog", 60) + ", (" + Repeat("cat", 14) + ":1.5) sun");
        Assert.Equal((14, 0), (weighted[1].Weights.Count(weight => weight == 1.5), weighted[0].Weights.Count(weight => weight == 1.5)));
    }

    [Fact]
    public void Break_begins_a_new_chunk()
    {
        Assert.Equal([1, 1], PromptChunk.Cut(Tokenizer, "dog BREAK cat").Select(chunk => chunk.Count));
        Assert.Equal([0, 1], PromptChunk.Cut(Tokenizer, "BREAK cat").Select(chunk => chunk.Count));
        Assert.Equal([1], PromptChunk.Cut(Tokenizer, "dog BREAK").Select(chunk => chunk.Count));
        Assert.Equal([1, 0, 1], PromptChunk.Cut(Tokenizer, "(dog BREAK BREAK cat)").Select(chunk => chunk.Count));
    }

    [Fact]
    public void Another_padding_token_follows_the_end()
    {
        var padded = new ClipTokenizer(Tokenizer.Vocabulary, "!");
        Assert.Equal(padded.EncodePadded("a dog"), Assert.Single(PromptChunk.Cut(padded, "a dog")).Ids);
    }

    private static string Repeat(string word, int times) => string.Join(' ', Enumerable.Repeat(word, times));
}
