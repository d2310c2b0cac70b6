namespace NotebookKit.Training.Settings;

/// <summary>What settings need, in words and of a run.</summary>
internal static class NeedWords
{
    private static readonly (Need Need, string Before, string Words, Func<TrainOptions, bool> Has)[] All =
    [
        (Need.Lora, "LoRA: ", "a LoRA (--method lora or lora_extended)",
            options => options.Method is TrainMethod.Lora or TrainMethod.LoraExtended),
        (Need.NewWord, "textual inversion: ", "--method textual_inversion", options => options.Method == TrainMethod.TextualInversion),
        (Need.LearningText, "", "text that learns (--text-encoder, textual inversion or Imagic)",
            options => options.TextRatio > 0 || options.Method is TrainMethod.TextualInversion or TrainMethod.Imagic),
        (Need.ClassPrompt, "", "class images (--class-prompt)",
            options => options.UsesClassImages && options.Concepts.Any(concept => concept.ClassPrompt is not null)),
        (Need.CosineWithRestarts, "cosine_with_restarts: ", "--schedule cosine_with_restarts",
            options => options.Learning.Schedule == "cosine_with_restarts"),
        (Need.Polynomial, "polynomial: ", "--schedule polynomial", options => options.Learning.Schedule == "polynomial"),
        (Need.PiecewiseConstant, "piecewise_constant: ", "--schedule piecewise_constant",
            options => options.Learning.Schedule == "piecewise_constant"),
        (Need.Samples, "", "samples (--sample-every)", options => options.Samples.Every > 0),
        (Need.HeldOut, "", "held-out pictures (--held-out-dir)", options => options.Samples.HeldOutDir is not null),
        (Need.Convolutions, "", "a LoRA on convolutions (--method lora_extended, or --lora-targets)",
            options => options.Method == TrainMethod.LoraExtended || options.Lora.Targets is not null),
        (Need.NewLora, "", "weights that begin anew (no --network-weights)", options => options.Lora.Weights is null),
    ];

    /// <summary>How the help of such a setting begins.</summary>
    public static string Before(Need needs) => string.Concat(All.Where(one => needs.HasFlag(one.Need)).Select(one => one.Before));

    /// <summary>What is needed, in words; empty for nothing.</summary>
    public static string Of(Need needs) => string.Join(" and ", All.Where(one => needs.HasFlag(one.Need)).Select(one => one.Words));

    /// <summary>Whether a run has all that is needed.</summary>
    public static bool Met(Need needs, TrainOptions options) => All.Where(one => needs.HasFlag(one.Need)).All(one => one.Has(options));
}
