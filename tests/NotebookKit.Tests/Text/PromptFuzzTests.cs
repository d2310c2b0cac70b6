using System.Diagnostics;
using System.Text;
using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

/// <summary>Random prompts, from a fixed seed: whatever is typed or pasted, the tokenizer and the prompt language hold their
/// promises.</summary>
public sealed class PromptFuzzTests
{
    private static readonly ClipTokenizer Tokenizer = ClipTokenizer.Default;
    // A hang, not slowness: other work may hold the machine.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Pieces =
    [
        "a photo of", "zwx", "rabbit", "toy", "(", ")", "[", "]", ":", "|", ":1.2)", ":0.5]", ":3]", ", ", " AND ", " BREAK ", "\\", "\\(",
        " ", "\n", "\t", "'s", "don't", "12", "!!",
        "<lora:m:0.8>", "<lora:", ">", "<|endoftext|>", "<|startoftext|>", "</w>", "&amp;", "&#12;", "1e9", "::", "((((", "]]]]", "兔子玩具",
        "日本語", "한국어", "ё", "İ", "ẞ", "ΣΑΣ",
        "\u0301", "\u200b", "\u200d", "\ufeff", "\u0000", "\u0007", "\u0085", "\u00a0", "\u3000", "\u2028", "👨‍👩‍👧", "🏳️‍🌈", "👍🏽",
        "𝕳𝖊", "\ud83d", "\ude00", "\uffff", "ﬁ", "①", "٣", "\U000e0001", "\u1100\u1161\u11a8",
    ];

    [Fact]
    public void The_prompt_language_reads_anything()
    {
        var random = new Random(20241);
        for (var i = 0; i < 4000; i++)
        {
            var prompt = Prompt(random);
            var clock = Stopwatch.StartNew();
            try
            {
                var steps = random.Next(1, 40);
                foreach (var part in SubPrompt.Split(ExtraNetworkTag.TakeOut(prompt).Prompt))
                {
                    var stretches = PromptSchedule.Parse(part.Text, steps).Stretches.ToList();
                    Assert.Equal(steps, stretches[^1].LastStep);
                    Assert.Equal(stretches.Select(stretch => stretch.LastStep).Distinct().Order(),
                        stretches.Select(stretch => stretch.LastStep));
                    foreach (var text in stretches.Select(stretch => stretch.Text).Distinct())
                        Hold(text);
                }
            }
            catch (BadInputException)
            {
                // One sentence is a fine answer to a prompt of nothing but brackets.
            }

            Assert.True(clock.Elapsed < Patience, $"{clock.Elapsed} for a prompt of {prompt.Length} characters: {prompt}");
        }
    }

    [Fact]
    public void The_tokenizer_reads_anything()
    {
        var random = new Random(20242);
        for (var i = 0; i < 4000; i++)
        {
            var (first, second) = (Prompt(random), Prompt(random));
            var ids = Tokenizer.Encode(first);
            Assert.Equal((49406, 49407), (ids[0], ids[^1]));
            Assert.All(ids, id => Assert.InRange(id, 0, 49407));
            var padded = Tokenizer.EncodePadded(first);
            Assert.Equal(77, padded.Length);
            Assert.Equal(ids.Take(76), padded.Take(Math.Min(76, ids.Count)));
            Assert.Equal(Math.Min(77, ids.Count), Tokenizer.AttentionMask(first).Sum());
            // Words do not reach across a space.
            Assert.Equal([.. ids.SkipLast(1), .. Tokenizer.Encode(second).Skip(1)], Tokenizer.Encode(first + " " + second));
            Assert.Equal(ids.Skip(1).SkipLast(1).Select(Tokenizer.TokenOf), Tokenizer.Tokenize(first));
            Tokenizer.Decode(ids);
        }
    }

    [Fact]
    public void Long_words_merge_as_short_ones_do()
    {
        var random = new Random(20243);
        for (var i = 0; i < 300; i++)
        {
            var letters = random.Next(3) switch { 0 => "ab", 1 => "abcdefghijklmnopqrstuvwxyz", _ => "theandrbioéж" };
            var word = string.Concat(Enumerable.Range(0, random.Next(60, 400)).Select(_ => letters[random.Next(letters.Length)]));
            Assert.Equal(Tokenizer.Trace(word).Pieces, Tokenizer.Tokenize(word));
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("ab ")]
    [InlineData("!")]
    [InlineData("兔")]
    [InlineData("(")]
    [InlineData("(a")]
    [InlineData("[a:")]
    [InlineData("[a|")]
    [InlineData("()")]
    [InlineData("(x)")]
    [InlineData("[a|b]")]
    [InlineData("\\")]
    [InlineData(":")]
    [InlineData("<lora:a>")]
    [InlineData("<lora:")]
    [InlineData("BREAK ")]
    [InlineData("a AND ")]
    [InlineData("<|endoftext|>")]
    [InlineData("\u0301")]
    public void A_hundred_thousand_characters_take_no_longer_than_a_moment(string repeated)
    {
        var prompt = string.Concat(Enumerable.Repeat(repeated, 100_000 / repeated.Length));
        var clock = Stopwatch.StartNew();
        try
        {
            foreach (var part in SubPrompt.Split(ExtraNetworkTag.TakeOut(prompt).Prompt).Take(3))
                Hold(PromptSchedule.Parse(part.Text, 20).At(20));
        }
        catch (BadInputException)
        {
            // too many open brackets
        }

        Assert.True(clock.Elapsed < Patience, $"{clock.Elapsed}");
    }

    private static void Hold(string text)
    {
        var chunks = PromptChunk.Cut(Tokenizer, text);
        Assert.All(chunks, chunk =>
        {
            Assert.Equal((77, 77), (chunk.Ids.Count, chunk.Weights.Count));
            Assert.InRange(chunk.Count, 0, 75);
            Assert.All(chunk.Weights, weight => Assert.True(double.IsFinite(weight)));
        });
        var tokens = PromptAttention.Parse(text).Where(piece => !piece.IsBreak).Sum(piece => Tokenizer.Encode(piece.Text).Count - 2);
        Assert.Equal(tokens, chunks.Sum(chunk => chunk.Count));
    }

    private static string Prompt(Random random)
    {
        var prompt = new StringBuilder();
        for (var i = random.Next(30); i > 0; i--)
        {
            prompt.Append(random.Next(4) > 0 ? Pieces[random.Next(Pieces.Length)] : ((char)random.Next(0x10000)).ToString());
        }

        return prompt.ToString();
    }
}
