using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;

namespace NotebookKit.Studio;

/// <summary>
/// The rows of a sample grid that tell learning from drifting: the subject, the class word alone, a neighbour of the class,
/// and a prompt that has nothing to do with either.
/// </summary>
internal static class SampleKinds
{
    /// <summary>Options whose sample rows are of all four kinds, where nobody has said which they are to be.</summary>
    /// <param name="options">The options; a sanity prompt, if any, is theirs.</param>
    /// <param name="sd">The base that tells the neighbour, taken for oneself.</param>
    public static TrainOptions Filled(TrainOptions options, StableDiffusion sd)
    {
        var concept = options.Concepts[0];
        if (options.Samples.Every == 0 || concept.SamplePrompts is not null || string.IsNullOrEmpty(concept.InstancePrompt)
            || !Directory.Exists(concept.InstanceDir))
            return options;
        var first = TrainingPicture.Read(concept)[0];
        var beside = ClassNeighbour.Prompt(sd, first.Prompt, first.ClassPrompt);
        string[] prompts = first.ClassPrompt is { } ofClass ? [first.Prompt, ofClass, beside] : [first.Prompt, beside];
        return options with { Concepts = [concept with { SamplePrompts = [.. prompts.Distinct()] }, .. options.Concepts.Skip(1)] };
    }

    /// <summary>What kind a row is of: subject, class, neighbour or sanity.</summary>
    public static string Of(TrainOptions options, string prompt)
    {
        var pictures = TrainingPicture.Read(options.Concepts[0]);
        var identifier = CaptionAudit.IdentifierOf(options.Concepts[0])?.Split(' ')[0];
        return prompt == options.Samples.SanityPrompt ? "sanity"
            : pictures.Any(picture => picture.ClassPrompt == prompt) ? "class"
            : pictures.Any(picture => picture.Prompt == prompt)
                || (identifier is not null && prompt.Contains(identifier, StringComparison.OrdinalIgnoreCase)) ? "subject"
            : "neighbour";
    }
}
