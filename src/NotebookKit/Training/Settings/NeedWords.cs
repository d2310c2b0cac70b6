namespace NotebookKit.Training.Settings;

/// <summary>What settings need, in words and of a run.</summary>
internal static class NeedWords
{
    // What every Stable Diffusion has.
    private const string AnyKernel = "unet.down_blocks.0.resnets.0.conv1";

    private static readonly (Need Need, string Before, string Words, Func<TrainOptions, bool> Has)[] All =
    [
        (Need.Lora, "LoRA: ", "a LoRA (--method lora or lora_extended)",
            options => options.WritesLora),
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
            options => (options.Lora.Targets ?? options.DefaultTargets).Contain(AnyKernel)),
        (Need.Weights, "", "a method that trains more than a new word", options => options.Method != TrainMethod.TextualInversion),
        (Need.Drawn, "", "samples (--sample-every) or class images (--class-prompt)",
            options => options.Samples.Every > 0 || Met(Need.ClassPrompt, options)),
        (Need.NoiseOffset, "", "a noise offset (--noise-offset)", options => options.Loss.NoiseOffset > 0),
        (Need.BothTokens, "", "both --instance-token and --class-token",
            options => options.Concepts.Any(concept => concept is { InstanceToken: not null, ClassToken: not null })),
        (Need.TextEncoder, "", "--method lora, lora_extended or dreambooth", options => options.UsesClassImages),
        (Need.TokenUse, "", "--instance-token, --class-prompt or a new word", options => options.Method == TrainMethod.TextualInversion
            || options.Concepts.Any(concept => concept.InstanceToken is not null || concept.ClassPrompt is not null)),
        (Need.FileWords, "", "[filewords] in a prompt", options => options.Concepts.Any(concept =>
            new[] { concept.InstancePrompt, concept.ClassPrompt, concept.SampleNegativePrompt }.Concat(concept.SamplePrompts ?? [])
                .Any(prompt => prompt?.Contains(TrainOptions.FileWords, StringComparison.Ordinal) ?? false))),
        (Need.Captions, "", "another method than imagic, which learns its own states instead of captions",
            options => options.Method != TrainMethod.Imagic),
        (Need.NewLora, "", "weights that begin anew (no --network-weights)", options => options.Lora.Weights is null),
    ];

    /// <summary>How the help of such a setting begins.</summary>
    public static string Before(Need needs) => string.Concat(All.Where(one => needs.HasFlag(one.Need)).Select(one => one.Before));

    /// <summary>What is needed, in words; empty for nothing.</summary>
    public static string Of(Need needs) => string.Join(" and ", All.Where(one => needs.HasFlag(one.Need)).Select(one => one.Words));

    /// <summary>Whether a run has all that is needed.</summary>
    public static bool Met(Need needs, TrainOptions options) => All.Where(one => needs.HasFlag(one.Need)).All(one => one.Has(options));

    /// <summary>
    /// A sentence for every setting that was changed and that a run has no use for. What <see cref="TrainOptions.ForBase"/>
    /// fills in was not asked for by anybody, though a card keeps it.
    /// </summary>
    /// <param name="options">The options as they were given, or as a card keeps them.</param>
    /// <param name="complete">What fills in nulls.</param>
    public static IEnumerable<string> Unused(TrainOptions options, Func<TrainOptions, TrainOptions> complete)
    {
        options = options.WithKohyaFolders();
        var usual = new TrainOptions();
        foreach (var setting in Setting.All.Where(setting => !Met(setting.Needs, options)))
        {
            var left = setting.With(options, setting.Of(usual));
            if (Text(setting, options) is var given && given != Text(setting, left) && given != Text(setting, complete(left)))
                yield return $"{setting.Flag} has no effect here: it needs {Missing(setting.Needs, options)}.";
        }

        if (Met(Need.ClassPrompt, options) && options.Concepts.Any(concept =>
            concept.ClassImagesPerInstance is not null && concept.ClassImages != usual.Concepts[0].ClassImages))
            yield return "--class-images has no effect beside --class-images-per-instance, which says how many there are.";
        if (options is { TrainTextEncoder: true, TextEncoderRatio: 0 })
            yield return "--text-encoder has no effect: --text-encoder-ratio 0 never trains it.";
    }

    private static string Missing(Need needs, TrainOptions options) => string.Join(" and ",
        All.Where(one => needs.HasFlag(one.Need) && !one.Has(options)).Select(one => one.Words));

    private static string? Text(Setting setting, TrainOptions options) =>
        setting.Of(options) is { } value ? string.Join('\n', SettingText.WriteAll(setting, value)) : null;
}
