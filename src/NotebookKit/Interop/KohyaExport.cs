using System.Text;
using NotebookKit.Lora;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Interop;

/// <summary>A run card as kohya-ss/sd-scripts takes it: its arguments and its dataset's configuration as TOML, and sample
/// prompts.</summary>
public static class KohyaExport
{
    /// <summary>Converts a card.</summary>
    /// <param name="card">The run; nulls of its settings become what the kit takes for Stable Diffusion.</param>
    /// <param name="gpus">How many GPUs are to train.</param>
    /// <exception cref="BadInputException">The method has no counterpart.</exception>
    public static ExportedConfig Of(RunCard card, int gpus = 1)
    {
        ArgumentNullException.ThrowIfNull(card);
        var run = card.Settings.WithKohyaFolders();
        var losses = new Losses("sd-scripts", run);
        var script = run.Method switch
        {
            TrainMethod.Lora or TrainMethod.LoraExtended => "train_network.py",
            TrainMethod.DreamBooth => "train_db.py",
            TrainMethod.TextualInversion => "train_textual_inversion.py",
            _ => throw new BadInputException("Imagic has no counterpart in sd-scripts; export a run of another method."),
        };
        var files = new Dictionary<string, string>
        {
            ["config.toml"] = Arguments(card, run, losses),
            ["dataset.toml"] = KohyaDataset.Of(run, losses),
        };
        if (run.Samples.Every > 0)
            files["prompts.txt"] = Prompts(run, losses);
        else
            losses.Take("sample_prompts", "sample_negative_prompt", "samples_per_prompt", "sample_guidance", "sanity_prompt",
                "sample_at_first");
        return new ExportedConfig("kohya-ss/sd-scripts 0.8 or newer", files,
            $"{ExportedConfig.Launch(gpus)} --num_machines 1 --mixed_precision {Mixed(card)} {script} "
                + "--config_file config.toml", losses.All(), Notes(run, gpus));
    }

    private static string Arguments(RunCard card, TrainOptions run, Losses losses)
    {
        var text = new StringBuilder("# Written by kit export-config for kohya-ss/sd-scripts 0.8 or newer.\n");
        text.Line("pretrained_model_name_or_path", card.Base).Line("dataset_config", "dataset.toml").Line("output_dir", "output")
            .Line("output_name", Path.GetFileNameWithoutExtension(run.OutputPath)).Line("save_model_as", "safetensors")
            .Line("save_precision", run.Saving.As switch { ScalarType.BFloat16 => "bf16", ScalarType.Float32 => "float", _ => "fp16" })
            .Line("mixed_precision", Mixed(card)).Line("sdpa", true).Line("cache_latents", !run.Images.RandomCrop);
        losses.Take("save_as");
        Same(text, run, KohyaNames.Arguments, losses);
        if (run.Intervals.Epochs is null)
            text.Line("max_train_epochs", 100);
        if (run.Saving.Every > 0)
            text.Line("save_state", true);
        if (run.Saving.Every > 0 && run.Saving.KeepLast > 0)
            text.Line("save_last_n_epochs", run.Saving.Every * run.Saving.KeepLast);
        losses.Take("keep_last");
        Learning(text, run, losses);
        if (run.WritesLora)
            Network(text, run, losses);
        if (run.Method == TrainMethod.TextualInversion)
            text.Line("token_string", run.NewToken).Line("init_word", run.TokenLike).Line("num_vectors_per_token", run.TokenVectors);
        losses.Take("token_vectors");
        if (run.Samples.Every > 0)
            text.Line("sample_prompts", "prompts.txt");
        if (KohyaNames.Samplers.FirstOrDefault(pair => pair.Sampler == run.Samples.Sampler).Kohya is { } sampler)
        {
            text.Line("sample_sampler", sampler);
            losses.Take("sampler");
        }
        else
            losses.Tell("sampler", "sd-scripts does not draw samples with it; it takes ddim.");
        return text.ToString();
    }

    private static void Learning(StringBuilder text, TrainOptions run, Losses losses)
    {
        var learning = run.Learning;
        losses.Take("learning_rate", "text_learning_rate", "optimizer", "train_text_encoder", "schedule_rules");
        var rate = learning.Rate ?? TrainOptimizers.SuitableRate(learning.Optimizer, run.WritesLora ? 1e-4 : 2e-6);
        var ofText = learning.TextRate ?? TrainOptimizers.SuitableRate(learning.Optimizer, run.WritesLora ? 5e-5 : 2e-6);
        text.Line("learning_rate", run.Method == TrainMethod.TextualInversion ? learning.TextRate ?? 5e-3 : rate)
            .Line("optimizer_type", KohyaNames.Optimizers.First(pair => pair.Kind == learning.Optimizer).Kohya)
            .Line("optimizer_args", learning.Optimizer == OptimizerKind.Adafactor
                ? ["weight_decay=0.01", "relative_step=False", "scale_parameter=False", "warmup_init=False"]
                    : new[] { "weight_decay=0.01" });
        if (run.WritesLora)
            text.Line("unet_lr", rate).Line("text_encoder_lr", ofText).Line("network_train_unet_only", run.TextRatio <= 0);
        if (run.Method == TrainMethod.DreamBooth)
            text.Line("learning_rate_te", ofText);
        if (run.Method == TrainMethod.DreamBooth && run.TextRatio <= 0)
            text.Line("stop_text_encoder_training", -1);
        if (run.TextEncoderRatio is > 0 and < 1)
            losses.Tell("text_encoder_ratio", "the text encoder learns in all epochs there; train_db.py can stop it at a step "
                + "(stop_text_encoder_training).");
        else
            losses.Take("text_encoder_ratio");
        if (learning.Schedule == "piecewise_constant")
            text.Line("lr_scheduler_args", new[] { $"step_rules='{learning.Rules}'" });
        if (learning.Schedule != "polynomial")
            losses.Take("schedule_end");
    }

    private static void Network(StringBuilder text, TrainOptions run, Losses losses)
    {
        var lora = run.Lora;
        text.Line("network_module", "networks.lora");
        Same(text, run, KohyaNames.Network, losses);
        losses.Take("alpha", "conv_rank", "conv_alpha", "rs_lora");
        // alpha / √rank there is alpha·√rank / rank here.
        double Alpha(double alpha, int rank) => lora.RsLora ? Math.Round(alpha * Math.Sqrt(rank), 6) : alpha;
        text.Line("network_alpha", Alpha(lora.Alpha ?? lora.Rank, lora.Rank));
        var targets = (lora.Targets ?? run.DefaultTargets).Name;
        if (targets is "extended" or "locon" or "all" || run.Method == TrainMethod.LoraExtended)
        {
            var rank = lora.ConvRank ?? lora.Rank;
            var alpha = Alpha(lora.ConvAlpha ?? (lora.ConvRank is null ? lora.Alpha : null) ?? rank, rank);
            text.Line("network_args", new[] { FormattableString.Invariant($"conv_dim={rank}"),
                FormattableString.Invariant($"conv_alpha={alpha}") });
        }

        var setting = Setting.All.First(setting => setting.Property.Name == nameof(LoraOptions.Targets)).Name;
        if (targets is "kohya" or "locon")
            losses.Take(setting);
        else
            losses.Tell(setting, $"the kit adapts {targets}; networks.lora adapts every transformer layer (the kit's \"kohya\"), "
                + "and with conv_dim the convolutions of the residual blocks too (\"locon\").");
    }

    private static string Prompts(TrainOptions run, Losses losses)
    {
        losses.Take("sample_prompts", "sample_negative_prompt", "samples_per_prompt", "sample_steps", "sample_guidance", "sanity_prompt");
        var text = new StringBuilder();
        foreach (var concept in run.Concepts)
        {
            var prompts = (concept.SamplePrompts ?? [concept.InstancePrompt, .. concept.ClassPrompt is { } ofClass ? [ofClass]
                : Array.Empty<string>()])
                .Concat(run.Samples.SanityPrompt is { } sanity ? [sanity] : [])
                .SelectMany(prompt => prompt.Contains(TrainOptions.FileWords, StringComparison.Ordinal)
                    ? TrainingPicture.Read(concept).Select(picture => picture.Prompt).Distinct() : [prompt]);
            foreach (var prompt in prompts)
                for (var i = 0; i < concept.SamplesPerPrompt; i++)
                    text.Append(prompt.ReplaceLineEndings(" "))
                        .Append(concept.SampleNegativePrompt.Length > 0 ? $" --n {concept.SampleNegativePrompt}" : "")
                        .Append(FormattableString.Invariant(
                            $" --s {run.Samples.Steps} --l {run.Samples.Guidance ?? 7.5} --d {run.Seed + (ulong)i}\n"));
        }

        return text.ToString();
    }

    private static void Same(StringBuilder text, TrainOptions run, IEnumerable<(string Kohya, string Setting)> names, Losses losses)
    {
        foreach (var (name, of) in names)
        {
            losses.Take(of);
            var value = Setting.All.First(setting => setting.Name == of).Of(run);
            var isNone = value is null or "" or false || (of is "save_every" or "sample_every" or "lora_dropout" && Convert.ToDouble(value,
                System.Globalization.CultureInfo.InvariantCulture) == 0);
            if (!isNone)
                text.Line(name, value!);
        }
    }

    private static string Mixed(RunCard card) => card.Versions.GetValueOrDefault("dtype") switch
    {
        "float16" => "fp16",
        "bfloat16" => "bf16",
        _ => "no",
    };

    private static IReadOnlyList<string> Notes(TrainOptions run, int gpus)
    {
        var notes = new List<string>();
        if (run.Concepts.Any(concept => concept.ClassPrompt is not null) && run.UsesClassImages)
        {
            notes.Add("sd-scripts paints no class images: those of the folders in dataset.toml must be there (kit train paints them).");
            notes.Add("Its loss is the mean over subject and class pictures, half of the kit's; AdamW does not mind, Lion and clipping "
                + "do.");
            notes.Add("A batch there counts subject and class pictures together, so it is twice the kit's.");
        }

        return [.. notes, .. ExportedConfig.NotesOfAll(gpus)];
    }
}
