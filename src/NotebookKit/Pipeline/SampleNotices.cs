using System.Text.RegularExpressions;

namespace NotebookKit.Pipeline;

/// <summary>Sentences about settings of a picture that have no effect on it.</summary>
public static partial class SampleNotices
{
    /// <summary>The sentences.</summary>
    /// <param name="options">What is drawn.</param>
    public static IEnumerable<string> Of(SampleOptions options)
    {
        var usual = new SampleOptions { Prompt = options.Prompt };
        if (options.InitImage is null && options.Strength != usual.Strength)
            yield return "--strength has no effect here: it needs a picture to start from (--init-image).";
        if (options.InitImage is not null && options.Strength == 0)
            yield return "A --strength of 0 gives the picture back as it is; nothing is drawn.";
        if (options.GuidanceScale == 1 && options.NegativePrompt.Length > 0)
            yield return "--negative-prompt has no effect here: it needs guidance (--cfg other than 1).";
        if (options.GuidanceScale < 1)
            yield return FormattableString.Invariant(
                $"--cfg {options.GuidanceScale} is below 1, which is no guidance already: it acts as 1.");
        if (options.BatchSize > options.Count)
            yield return $"--batch {options.BatchSize} is more than the {options.Count} of --count, so one batch has them all.";
        if (options.Emphasis != usual.Emphasis && !Bracket().IsMatch(options.Prompt) && !Bracket().IsMatch(options.NegativePrompt))
            yield return "--emphasis has no effect here: it needs brackets, such as (word:1.2), in a prompt.";
    }

    [GeneratedRegex(@"[()\[\]]")]
    private static partial Regex Bracket();
}
