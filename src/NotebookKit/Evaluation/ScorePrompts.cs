using NotebookKit.Pipeline;

namespace NotebookKit.Evaluation;

/// <summary>
/// What a <see cref="Scoreboard"/> asks a model for: the subject in prompts that no training used, and three words that should
/// have stayed what they were. What is set here suits the toy world that <c>base-mini</c> knows.
/// </summary>
/// <param name="Subject">What the training's captions call the subject: "zwx rabbit toy".</param>
public sealed record ScorePrompts(string Subject = "zwx rabbit toy")
{
    /// <summary>Where <see cref="Subject"/> goes in <see cref="Asked"/>.</summary>
    public const string Place = "[subject]";

    /// <summary>The subject's prompts. None may be a caption of the training, or knowing by heart would look like having learned; and
    /// none should put something on the subject, for a hat would count as unlikeness to photos without one.</summary>
    public IReadOnlyList<string> Asked { get; init; } =
        [$"a photo of {Place}", $"a photo of {Place} at the beach", $"{Place} on the snow", $"{Place} in the bedroom"];

    /// <summary>The protected word, which the class images show.</summary>
    public string Protected { get; init; } = "toy";

    /// <summary>A word beside the subject that no class image shows.</summary>
    public string Neighbour { get; init; } = "rabbit toy";

    /// <summary>A word that has nothing in common with the subject.</summary>
    public string Stranger { get; init; } = "dog";

    /// <summary>
    /// How each prompt and each word is drawn: at least 3 pictures, for an error to be told, the more the smaller it is. The prompt
    /// in it is not used.
    /// </summary>
    public SampleOptions Drawing
    {
        get;
        init => field = value.Count >= 3 ? value
            : throw new BadInputException($"A score needs at least 3 pictures, for an error to be told, not {value.Count}.");
    } = new() { Prompt = "", GuidanceScale = 3, Seed = 7000, Count = 8 };

    /// <summary>The subject's prompts with the subject in its place.</summary>
    internal IReadOnlyList<string> Filled => [.. Asked.Select(prompt => prompt.Replace(Place, Subject, StringComparison.Ordinal))];

    /// <summary>The prompt for a word alone.</summary>
    internal static string OfWord(string word) => $"a photo of a {word}";
}
