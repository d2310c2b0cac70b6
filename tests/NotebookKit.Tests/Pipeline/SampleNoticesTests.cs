using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Text;

namespace NotebookKit.Tests.Pipeline;

/// <summary>Settings of a picture that change nothing are told, and those that do are not.</summary>
public sealed class SampleNoticesTests
{
    private static SampleOptions Plain => new() { Prompt = "a toy", Count = 2 };

    public static TheoryData<string, SampleOptions> WithoutEffect => new()
    {
        { "--strength has no effect", Plain with { Strength = 0.3 } },
        { "gives the picture back", Plain with { InitImage = new RgbImage(64, 64), Strength = 0 } },
        { "--negative-prompt has no effect", Plain with { NegativePrompt = "blurry", GuidanceScale = 1 } },
        { "acts as 1", Plain with { GuidanceScale = 0.5 } },
        { "--batch 4 is more than the 2", Plain with { BatchSize = 4 } },
        { "--emphasis has no effect", Plain with { Emphasis = Emphasis.NoNorm } },
    };

    public static TheoryData<SampleOptions> WithEffect =>
    [
        Plain,
        Plain with { InitImage = new RgbImage(64, 64), Strength = 0.3 },
        Plain with { NegativePrompt = "blurry" },
        Plain with { BatchSize = 2 },
        Plain with { Emphasis = Emphasis.NoNorm, Prompt = "a (toy:1.2)" },
        Plain with { Emphasis = Emphasis.NoNorm, NegativePrompt = "[blurry]" },
    ];

    [Theory]
    [MemberData(nameof(WithoutEffect))]
    public void Each_is_told(string sentence, SampleOptions options) =>
        Assert.Contains(SampleNotices.Of(options), notice => notice.Contains(sentence, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(WithEffect))]
    public void Nothing_is_told_of_those_that_count(SampleOptions options) => Assert.Empty(SampleNotices.Of(options));
}
