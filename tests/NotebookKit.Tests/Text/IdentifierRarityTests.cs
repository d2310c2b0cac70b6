using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class IdentifierRarityTests
{
    [Theory]
    [InlineData("sks", IdentifierVerdict.Good, "among the rarest")]
    [InlineData("ohwx", IdentifierVerdict.Good, "among the rarest")]
    [InlineData("zwx", IdentifierVerdict.Good, "2 tokens")]
    [InlineData("Devora", IdentifierVerdict.Good, "2 tokens")]
    [InlineData("Rufus", IdentifierVerdict.Poor, "known word")]
    [InlineData("rabbit", IdentifierVerdict.Poor, "known word")]
    [InlineData("zwxrabbit", IdentifierVerdict.Fair, "rabbit</w>")]
    [InlineData("tangrabbittoy", IdentifierVerdict.Fair, "toy</w> is the class word itself")]
    [InlineData("toyzwx", IdentifierVerdict.Fair, "contains the class word \"toy\"")]
    [InlineData("toy", IdentifierVerdict.Poor, "the class word itself")]
    [InlineData("x1y2", IdentifierVerdict.Fair, "4 words")]
    public void A_word_gets_its_verdict_with_the_reason(string word, IdentifierVerdict verdict, string reason)
    {
        var rarity = IdentifierRarity.Of(word, "a toy");
        Assert.Equal(verdict, rarity.Verdict);
        Assert.Contains(rarity.Reasons, text => text.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Ids_tokens_and_ranks_belong_together()
    {
        var rarity = IdentifierRarity.Of("zwxrabbit", "toy");
        Assert.Equal([89, 18192, 10274], rarity.Ids);
        Assert.Equal(["z", "wx", "rabbit</w>"], rarity.Tokens);
        Assert.Equal([null, 18192 - 512, 10274 - 512], rarity.Ranks);
        Assert.False(rarity.IsSingleToken || rarity.ContainsClassWord || rarity.EndsInClassWord);
        Assert.True(IdentifierRarity.Of("tangrabbittoy", "toy") is { ContainsClassWord: true, EndsInClassWord: true, IsKnownWord: false });
        Assert.True(IdentifierRarity.Of("rufus") is { IsKnownWord: true, IsSingleToken: true });
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("two words")]
    public void No_word_or_two_are_refused(string word) => Assert.Throws<BadInputException>(() => IdentifierRarity.Of(word));
}
