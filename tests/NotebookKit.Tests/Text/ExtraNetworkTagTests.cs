using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class ExtraNetworkTagTests
{
    [Theory]
    [InlineData("<lora:moxin>", "moxin", 1, 1, null)]
    [InlineData("<lora:Moxin_10:0.8>", "Moxin_10", 0.8, 0.8, null)]
    [InlineData("<lora:m:0.5:-2>", "m", 0.5, -2, null)]
    [InlineData("<lora:m:0.5:1.5:4>", "m", 0.5, 1.5, 4)]
    [InlineData("<lora:m:te=0.25>", "m", 0.25, 0.25, null)]
    [InlineData("<lora:m:unet=0>", "m", 1, 0, null)]
    [InlineData("<lora:m:0.7:unet=3:dyn=8>", "m", 0.7, 3, 8)]
    [InlineData("<lora:m:0.7:te=1e-1>", "m", 0.1, 0.1, null)] // a name wins over a place
    [InlineData("<lyco:m: 2 >", "m", 2, 2, null)]
    public void A_tag_gives_a_name_and_its_multipliers(string text, string name, double textEncoder, double unet, int? rank)
    {
        var (rest, tags) = ExtraNetworkTag.TakeOut(text);
        Assert.Equal("", rest);
        Assert.Equal(new LoraTag(name, textEncoder, unet, rank), Assert.Single(tags).ToLora());
    }

    [Fact]
    public void Tags_of_every_kind_leave_the_prompt_and_their_commas_stay()
    {
        var (rest, tags) = ExtraNetworkTag.TakeOut("<lora:Moxin_10:1>, chinese painting <hypernet:x:2> of a<lora:b>cat <3, a < b > c");
        Assert.Equal(", chinese painting  of acat <3, a < b > c", rest);
        Assert.Equal(["Moxin_10", "x", "b"], tags.Select(tag => tag.Positional[0]));
        Assert.Equal([true, false, true], tags.Select(tag => tag.IsLora));
    }

    [Theory]
    [InlineData("<lora:m:high>", "'high' is no multiplier")]
    [InlineData("<lora:m:NaN>", "'NaN' is no multiplier")]
    [InlineData("<lora:m:1:1:0>", "dyn '0' is no rank")]
    [InlineData("<lora:m:dyn=2.5>", "dyn '2.5' is no rank")]
    [InlineData("<lora:te=1>", "names no file")]
    [InlineData("<lora: >", "names no file")]
    [InlineData("<lora:m:strength=1>", "an argument 'strength'")]
    [InlineData("<lora:m:1:1:1:1>", "5 parts")]
    [InlineData("<hypernet:m>", "asks for a hypernet")]
    public void A_tag_that_cannot_be_read_is_named(string text, string complaint)
    {
        var tag = Assert.Single(ExtraNetworkTag.TakeOut(text).Tags);
        var message = Assert.Throws<BadInputException>(tag.ToLora).Message;
        Assert.Contains(text, message);
        Assert.Contains(complaint, message);
    }
}
