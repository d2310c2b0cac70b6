using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class PromptScheduleTests
{
    [Theory]
    [InlineData("test", "10 test")]
    [InlineData("a [b:3]", "3 a ; 10 a b")]
    [InlineData("a [b: 3]", "3 a ; 10 a b")]
    [InlineData("a [b:3 ]", "3 a ; 10 a b")]
    [InlineData("a [[[b]]:2]", "2 a ; 10 a [[b]]")]
    [InlineData("[(a:2):3]", "3 ; 10 (a:2)")]
    [InlineData("a [b : c : 1] d", "1 a b  d; 10 a  c  d")]
    [InlineData("a[b:[c:d:2]:1]e", "1 abe; 2 ace; 10 ade")]
    [InlineData("a [unbalanced", "10 a [unbalanced")]
    [InlineData("a [b:.5] c", "5 a  c; 10 a b c")]
    [InlineData("a [{b|d{:.5] c", "5 a  c; 10 a {b|d{ c")]
    [InlineData("((a][:b:c [d:3]", "3 ((a][:b:c ; 10 ((a][:b:c d")]
    [InlineData("[a|(b:1.1)]", "1 a; 2 (b:1.1); 3 a; 4 (b:1.1); 5 a; 6 (b:1.1); 7 a; 8 (b:1.1); 9 a; 10 (b:1.1)")]
    public void Changes_come_as_the_web_ui_documents_them(string prompt, string expected) => Assert.Equal(expected, Listed(prompt, 10));

    [Theory]
    [InlineData("[a::4]", "4 a; 10 ")] // from, until a step
    [InlineData("[:a:4]", "4 ; 10 a")]
    [InlineData("[a:b:1.0]", "10 a")] // a point makes it a share of the steps
    [InlineData("[a:b:1]", "1 a; 10 b")]
    [InlineData("[a:b:0.25]", "2 a; 10 b")] // 2.5, cut
    [InlineData("[a:b:0]", "10 b")]
    [InlineData("[a:b:99]", "10 a")]
    [InlineData("[a:b:-1]", "10 b")]
    [InlineData("[a:b:1e0]", "1 a; 10 b")]
    [InlineData("[a|]", "1 a; 2 ; 3 a; 4 ; 5 a; 6 ; 7 a; 8 ; 9 a; 10 ")]
    [InlineData("[a:b]", "10 [a:b]")]
    [InlineData("[a:b:c:3]", "10 [a:b:c:3]")]
    [InlineData("[x [b:2]:y]", "2 [x :y]; 10 [x b:y]")] // text outside, a change inside
    [InlineData("[[x:y]:b:2]", "10 [[x:y]:b:2]")] // text inside, so text outside
    [InlineData(@"\[a:b:2]", @"10 \[a:b:2]")]
    [InlineData("[a (b :3]", "10 [a (b :3]")]
    [InlineData("a | b [c:2]", "2 a | b ; 10 a | b c")]
    [InlineData("(x [a:b:2]:1.3)", "2 (x a:1.3); 10 (x b:1.3)")]
    [InlineData("[a|b] [c:d:1]", "1 a c; 2 b d; 3 a d; 4 b d; 5 a d; 6 b d; 7 a d; 8 b d; 9 a d; 10 b d")]
    public void Every_form_has_its_stretches(string prompt, string expected) => Assert.Equal(expected, Listed(prompt, 10));

    [Fact]
    public void The_worked_example_of_a_landscape_changes_four_times()
    {
        var prompt = "fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75][ in foreground::0.6][ in "
            + "background:0.25] [shoddy:masterful:0.5]";
        Assert.Equal(
            [
                new PromptStretch(25, "fantasy landscape with a mountain and an oak in foreground shoddy"),
                new PromptStretch(50, "fantasy landscape with a lake and an oak in foreground in background shoddy"),
                new PromptStretch(60, "fantasy landscape with a lake and an oak in foreground in background masterful"),
                new PromptStretch(75, "fantasy landscape with a lake and an oak in background masterful"),
                new PromptStretch(100, "fantasy landscape with a lake and a christmas tree in background masterful"),
            ],
            PromptSchedule.Parse(prompt, 100).Stretches);
    }

    [Fact]
    public void A_hundred_changes_inside_each_other_are_enough()
    {
        string Nested(int depth) => new string('[', depth) + "a" + string.Concat(Enumerable.Repeat(":1]", depth));
        Assert.Equal("a", PromptSchedule.Parse(Nested(100), 2).At(2));
        Assert.Contains("100", Assert.Throws<BadInputException>(() => PromptSchedule.Parse(Nested(101), 2)).Message);
    }

    [Fact]
    public void Sub_prompts_have_weights_after_a_last_colon()
    {
        Assert.Equal([new SubPrompt("a cat", 1.2), new SubPrompt(" a dog", 1), new SubPrompt(" a bird", -0.5)],
            SubPrompt.Split("a cat :1.2 AND a dog AND a bird:-.5"));
        Assert.Equal([new SubPrompt("a cat", 2)], SubPrompt.Split("a cat: 2. "));
        Assert.Equal([new SubPrompt("(a cat:1.2)", 1)], SubPrompt.Split("(a cat:1.2)"));
        Assert.Equal([new SubPrompt("a SAND and a", 1)], SubPrompt.Split("a SAND and a"));
        Assert.Throws<BadInputException>(() => SubPrompt.Split("a :99999999"));
    }

    private static string Listed(string prompt, int steps) =>
        string.Join("; ", PromptSchedule.Parse(prompt, steps).Stretches.Select(stretch => $"{stretch.LastStep} {stretch.Text}"));
}
