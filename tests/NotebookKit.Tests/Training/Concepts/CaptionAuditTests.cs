using NotebookKit.Training.Concepts;

namespace NotebookKit.Tests.Training.Concepts;

public sealed class CaptionAuditTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private Concept Toy => new()
    {
        InstanceDir = _folder.Root,
        InstancePrompt = "[filewords]",
        ClassPrompt = "[filewords]",
        InstanceToken = "zwx",
        ClassToken = "toy"
    };

    [Fact]
    public void A_row_shows_what_a_caption_becomes()
    {
        Captions("zwx toy on grass");
        var row = Assert.Single(CaptionAudit.Of(Toy));
        Assert.Equal(("0.png", "zwx toy on grass", "zwx toy on grass", "toy on grass"), (row.File, row.Caption, row.Instance, row.Class));
        Assert.Equal([49406, 89, 3561, 5988, 525, 5922, 49407], row.Ids);
        Assert.Empty(row.Warnings);
    }

    [Fact]
    public void The_articles_own_identifier_is_found_in_the_prompts_and_warned_about()
    {
        Captions("x");
        var concept = new Concept { InstanceDir = _folder.Root, InstancePrompt = "photo of tangrabbittoy", ClassPrompt = "photo of a toy" };
        Assert.Equal("tangrabbittoy", CaptionAudit.IdentifierOf(concept));
        AssertWarns(concept, "class word \"toy\"");
        AssertWarns(concept, "5 tokens");
        AssertWarns(concept, "tan · gra · bb · it · toy");
        AssertWarns(concept with { InstancePrompt = "photo of Rufus toy" }, "word that the model knows");
    }

    [Fact]
    public void A_rare_identifier_gives_no_warning()
    {
        Captions("zwx toy on grass", "a zwx toy, snow");
        Assert.DoesNotContain(CaptionAudit.Of(Toy).SelectMany(row => row.Warnings),
            warning => warning.Contains("identifier", StringComparison.Ordinal));
    }

    [Fact]
    public void An_empty_caption_is_named()
    {
        Captions("zwx toy", "");
        var rows = CaptionAudit.Of(Toy);
        Assert.Contains(rows[1].Warnings, warning => warning.Contains("1.txt", StringComparison.Ordinal));
        Assert.DoesNotContain(rows[0].Warnings, warning => warning.Contains("empty", StringComparison.Ordinal));
    }

    [Fact]
    public void A_prompt_of_more_than_75_tokens_is_counted()
    {
        Captions("zwx toy " + string.Join(' ', Enumerable.Repeat("grass", 74)),
            "zwx toy " + string.Join(' ', Enumerable.Repeat("grass", 72)));
        var rows = CaptionAudit.Of(Toy);
        Assert.Contains(rows[0].Warnings, warning => warning.Contains("77 tokens", StringComparison.Ordinal));
        Assert.DoesNotContain(rows[1].Warnings, warning => warning.Contains("tokens", StringComparison.Ordinal));
    }

    [Fact]
    public void Words_of_every_caption_will_drift_and_the_class_prompt_decides_how_far()
    {
        Captions("zwx, man, red hat", "zwx, man, blue hat", "a man with zwx in a hat");
        var without = Toy with { ClassPrompt = null, ClassToken = null, InstanceToken = null };
        AssertWarns(without, "\"man\", \"hat\"");
        AssertWarns(without, "will drift most");
        var fixedClass = Toy with { ClassPrompt = "photo of a man", ClassToken = null };
        AssertWarns(fixedClass, "\"hat\" occurs in every prompt, so it will drift most towards the subject, and the class prompt does not "
            + "hold it");
        AssertWarns(fixedClass, "\"man\" occurs in every prompt, so it will drift most; the class images work against it");
    }

    [Fact]
    public void A_prompt_that_does_not_name_the_subject_is_noticed()
    {
        Captions("a toy on grass");
        AssertWarns(Toy with { InstanceToken = null, ClassToken = null }, "nothing in the prompt names the subject");
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertWarns(Concept concept, string part) =>
        Assert.Contains(CaptionAudit.Of(concept)[0].Warnings, warning => warning.Contains(part, StringComparison.Ordinal));

    private void Captions(params string[] captions)
    {
        for (var i = 0; i < captions.Length; i++)
        {
            File.WriteAllBytes(_folder[$"{i}.png"], []);
            File.WriteAllText(_folder[$"{i}.txt"], captions[i]);
        }
    }
}
