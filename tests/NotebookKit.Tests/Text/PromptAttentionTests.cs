using System.Text.Json;
using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class PromptAttentionTests
{
    [Fact]
    public void Every_reference_prompt_gets_the_reference_weights()
    {
        var rows = JsonDocument.Parse(File.ReadAllBytes(House.Golden("training", "prompt_weights.json"))).RootElement.EnumerateArray()
            .Where(row => !row.GetProperty("prompt").GetString()!.Contains("BREAK", StringComparison.Ordinal))
            .ToList(); // that tool knows no BREAK
        Assert.Equal(8, rows.Count);
        foreach (var row in rows)
        {
            var expected = row.GetProperty("parsed").EnumerateArray()
                .Select(pair => new WeightedText(pair[0].GetString()!, pair[1].GetDouble()));
            Assert.Equal(expected, PromptAttention.Parse(row.GetProperty("prompt").GetString()!));
        }
    }

    [Theory]
    [InlineData("normal text", "normal text|1")]
    [InlineData("an (important) word", "an |1; important|1.1;  word|1")]
    [InlineData("(unbalanced", "unbalanced|1.1")]
    [InlineData("[unbalanced", "unbalanced|0.909")]
    [InlineData(@"\(literal\]", "(literal]|1")]
    [InlineData("(unnecessary)(parens)", "unnecessaryparens|1.1")]
    [InlineData("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
        "a |1; house|1.573;  |1.1; on|1;  a |1.1; hill|0.55; , sun, |1.1; sky|1.464; .|1.1")]
    [InlineData("(x: 1.2 )", "x|1.2")]
    [InlineData("(x:-1)", "x|-1")]
    [InlineData("x:1.2)", "x:1.2)|1")] // nothing is open
    [InlineData("a ) ] b", "a ) ] b|1")]
    [InlineData("16:9", "16:9|1")]
    [InlineData("(x:1.2.3)", "x:1.2.3|1.1")] // no number
    [InlineData(@"C:\dir\\", @"C:dir\|1")]
    [InlineData("[(x:1.5)]", "x|1.364")]
    [InlineData("", "|1")]
    [InlineData("()", "|1")]
    public void Brackets_weigh_as_in_the_web_ui(string prompt, string expected) =>
        Assert.Equal(expected, string.Join("; ",
            PromptAttention.Parse(prompt).Select(piece => FormattableString.Invariant($"{piece.Text}|{Math.Round(piece.Weight, 3)}"))));

    [Fact]
    public void Break_is_a_word_of_its_own_inside_brackets_too()
    {
        Assert.Equal([new("a", 1), WeightedText.Break, new("b", 1)], PromptAttention.Parse("a BREAK b"));
        Assert.Equal([new("a", 1.2), WeightedText.Break, new("b", 1.2)], PromptAttention.Parse("(a BREAK\nb:1.2)"));
        Assert.Equal([new("BREAKFAST breaks", 1)], PromptAttention.Parse("BREAKFAST breaks"));
    }

    [Fact]
    public void Weights_beyond_sense_are_refused()
    {
        Assert.Contains("brackets", Assert.Throws<BadInputException>(() => PromptAttention.Parse(new string('(', 501) + "x")).Message);
        Assert.Contains("weight",
            Assert.Throws<BadInputException>(() => PromptAttention.Parse($"((x:1{new string('0', 20)}):1{new string('0', 20)})")).Message);
        Assert.Single(PromptAttention.Parse(string.Concat(Enumerable.Repeat("(x)", 5000)))); // closed again, as many as you like
    }
}
