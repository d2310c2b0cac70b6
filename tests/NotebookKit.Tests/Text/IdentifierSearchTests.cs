using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class IdentifierSearchTests
{
    [Fact]
    public void New_words_are_two_rare_tokens_that_nobody_knows()
    {
        var found = IdentifierSearch.NewWords(20, "rabbit toy");
        Assert.Equal(20, found.Count);
        Assert.All(found, word =>
        {
            Assert.Equal((IdentifierVerdict.Good, 2, 3), (word.Verdict, word.Ids.Count, word.Word.Length));
            Assert.False(word.IsKnownWord);
        });
        var ranks = found.Select(word => word.Ranks.Min()!.Value).ToList();
        Assert.Equal(ranks.OrderDescending(), ranks);
        Assert.True(ranks[0] > IdentifierRarity.Of("zwx").Ranks.Min(), "the first is rarer than zwx");
    }

    [Fact]
    public void Single_tokens_are_among_the_rarest_and_sks_is_one_of_them()
    {
        var found = IdentifierSearch.SingleTokens(500, "toy");
        Assert.Contains("sks", found.Select(word => word.Word));
        Assert.All(found, word => Assert.True(word is { IsSingleToken: true, Verdict: IdentifierVerdict.Good } && word.Ranks[0] >= 44_000,
            word.Word));
        Assert.Equal(3, IdentifierSearch.SingleTokens(3).Count);
    }
}
