using NotebookKit.Text;

namespace NotebookKit.Training.Concepts;

/// <summary>
/// One thing to learn: the subject's pictures and prompts, and the class whose meaning is to be kept. A run learns one
/// concept or several.
/// </summary>
public sealed record Concept
{
    /// <summary>The folder with the subject's pictures; 3 to 10 from several sides, on several backgrounds.</summary>
    [Setting("--instance-dir", "the folder with the subject's pictures", MayChange = true)]
    public string InstanceDir { get; init; } = "";

    /// <summary>Describes the subject with its identifier, "a photo of zwx rabbit toy"; <c>[filewords]</c> takes each picture's
    /// caption.</summary>
    [Setting("--instance-prompt", "describes the subject with its identifier; [filewords] takes the .txt beside each picture, or its name")]
    public string InstancePrompt { get; init; } = "";

    /// <summary>
    /// The same without the identifier, "a photo of a rabbit toy": what must keep its meaning; may hold <c>[filewords]</c>.
    /// Null trains without class images, and the class word drifts towards the subject.
    /// </summary>
    [Setting("--class-prompt", "the same without the identifier, [filewords] as above; left out, nothing protects the class word")]
    public string? ClassPrompt { get; init; }

    /// <summary>What the subject is called in prompts, where <c>[filewords]</c> leaves it to the captions; see
    /// <see cref="FileWords"/>.</summary>
    [Setting("--instance-token", "what the subject is called in prompts")]
    public string? InstanceToken { get; init; }

    /// <summary>One or two words for the subject's kind; see <see cref="FileWords"/>.</summary>
    [Setting("--class-token", "one or two words for its kind", Needs = Need.TokenUse)]
    public string? ClassToken { get; init; }

    /// <summary>Puts the instance token alone into prompts where otherwise both tokens go.</summary>
    [Setting("--instance-token-only", "put the instance token alone where otherwise both go", Needs = Need.BothTokens)]
    public bool InstanceTokenOnly { get; init; }

    /// <summary>Where the class images lie, or are to go; null for <c>class-images/</c> beside the output.</summary>
    [Setting("--class-dir", "where the class images lie or are to go", Otherwise = "class-images/ beside the output",
        Needs = Need.ClassPrompt, MayChange = true)]
    public string? ClassDir { get; init; }

    /// <summary>Class images to have in all; the base itself paints those that are missing.</summary>
    [Setting("--class-images", "class images to have; the base paints those that are missing", Needs = Need.ClassPrompt)]
    public int ClassImages { get; init; } = 100;

    /// <summary>Class images for each picture of the subject, in place of <see cref="ClassImages"/>. More of them show the class more
    /// variously, but weigh no more.</summary>
    [Setting("--class-images-per-instance", "the same for each picture of the subject", Needs = Need.ClassPrompt)]
    public int? ClassImagesPerInstance { get; init; }

    /// <summary>What the class images are led away from while they are painted; never trained on.</summary>
    [Setting("--class-negative-prompt", "what class images are led away from", Needs = Need.ClassPrompt)]
    public string ClassNegativePrompt { get; init; } = "";

    /// <summary>Classifier-free guidance of a class image; lower keeps the class as varied as the base knows it.</summary>
    [Setting("--class-cfg", "guidance of class images", Needs = Need.ClassPrompt)]
    public double? ClassGuidance { get; init; }

    /// <summary>Denoising steps of a class image; those of a sample when null.</summary>
    [Setting("--class-steps", "denoising steps of class images", Min = 1, Needs = Need.ClassPrompt)]
    public int? ClassSteps { get; init; }

    /// <summary>
    /// What the sample grid shows, a row each; with <c>[filewords]</c> a row for each caption. Null: the first instance
    /// prompt and its class prompt.
    /// </summary>
    [Setting("--sample-prompt", "a row of the sample grid, [filewords] for a row for each caption; repeat for more",
        Name = "sample_prompts", Needs = Need.Samples, MayChange = true)]
    public IReadOnlyList<string>? SamplePrompts { get; init; }

    /// <summary>What the samples are led away from; may hold <c>[filewords]</c>.</summary>
    [Setting("--sample-negative-prompt", "what samples are led away from", Needs = Need.Samples, MayChange = true)]
    public string SampleNegativePrompt { get; init; } = "";

    /// <summary>Pictures per row of the sample grid.</summary>
    [Setting("--samples", "pictures in each row of the grid", Name = "samples_per_prompt", Min = 1, Needs = Need.Samples, MayChange = true)]
    public int SamplesPerPrompt { get; init; } = 4;

    /// <summary>The ending of the caption files; .txt or .caption when null.</summary>
    [Setting("--caption-extension", "the ending of the caption files", Otherwise = ".txt or .caption", Needs = Need.FileWords)]
    public string? CaptionExtension { get; init; }

    /// <summary>How often each picture is seen in an epoch; what a folder of kohya's says (10_zkr toy) when null, or else 1.</summary>
    [Setting("--repeats", "how often each picture is seen in an epoch", Otherwise = "1, or what kohya's folder 10_zkr toy begins with",
        Min = 1, Max = 10_000)]
    public int? Repeats { get; init; }

    /// <summary>How much each picture of this concept counts in the loss.</summary>
    [Setting("--concept-weight", "how much each picture of the concept counts in the loss", Name = "weight", Min = 0)]
    public double Weight { get; init; } = 1;

    /// <summary>How much single pictures count, by file name, on top of <see cref="Weight"/>.</summary>
    [Setting("--picture-weight", "FILE=WEIGHT: how much a picture counts; repeat for more", Name = "picture_weights")]
    public IReadOnlyDictionary<string, double>? PictureWeights { get; init; }

    /// <summary>How captions become prompts.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public FileWords Prompts => new(InstancePrompt, ClassPrompt, InstanceToken, ClassToken) { InstanceTokenOnly = InstanceTokenOnly };

    /// <summary>Class images that are wanted for a number of the subject's pictures; 0 where there are none.</summary>
    /// <param name="pictures">How many pictures the subject has.</param>
    public int ClassImagesFor(int pictures) => ClassPrompt is null ? 0 : ClassImagesPerInstance * pictures ?? ClassImages;

    /// <summary>A picture's caption: the file beside it, or what kohya's folder or its own name says.</summary>
    /// <param name="picture">The picture's path.</param>
    /// <exception cref="BadInputException">The file beside it is no text that can be read.</exception>
    public string CaptionOf(string picture) => CaptionFile.Of(picture, CaptionExtension) is null
        && KohyaFolder.Of(InstanceDir) is { } folder
        ? folder.Words : FileWords.CaptionOf(picture, CaptionExtension);
}
