namespace NotebookKit.Models;

/// <summary>What <see cref="StableDiffusion.Sample"/> is to draw.</summary>
public sealed record SampleOptions
{
    /// <summary>What the picture shows.</summary>
    public required string Prompt { get; init; }

    /// <summary>What the picture is led away from; empty for the usual guidance away from "no prompt".</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>Sampling steps, 1 to 1000.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>
    /// How strongly the prediction is pushed from the unprompted towards the prompted one (classifier-free guidance, Ho
    /// and Salimans 2022); 1 or less: not at all, in half the time.
    /// </summary>
    public double GuidanceScale { get; init; } = 7.5;

    /// <summary>The first picture's seed; the i-th has <c>Seed + i</c>, so that a picture does not depend on how many are drawn.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many pictures.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Height and width in pixels; null for the size the model was trained on.</summary>
    public int? Size { get; init; }

    /// <summary>The sampler: one of <see cref="Schedulers.Scheduler.Names"/>.</summary>
    public string Scheduler { get; init; } = "ddim";
}
