using System.Globalization;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Data;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;

namespace NotebookKit.Interop;

/// <summary>A run card as diffusers' example scripts take it: a command line, as a script that can be run.</summary>
public static class DiffusersExport
{
    /// <summary>Converts a card.</summary>
    /// <param name="card">The run; nulls of its settings become what the kit takes for Stable Diffusion.</param>
    /// <param name="gpus">How many GPUs are to train.</param>
    /// <exception cref="BadInputException">The method has no counterpart.</exception>
    public static ExportedConfig Of(RunCard card, int gpus = 1)
    {
        ArgumentNullException.ThrowIfNull(card);
        var run = card.Settings.WithKohyaFolders();
        var losses = new Losses("diffusers' example", run);
        var script = run.Method switch
        {
            TrainMethod.Lora or TrainMethod.LoraExtended => "examples/dreambooth/train_dreambooth_lora.py",
            TrainMethod.DreamBooth => "examples/dreambooth/train_dreambooth.py",
            TrainMethod.TextualInversion => "examples/textual_inversion/textual_inversion.py",
            _ => throw new BadInputException("Imagic has no counterpart among diffusers' DreamBooth examples; export a run of another "
                + "method."),
        };
        var arguments = Arguments(card, run, losses);
        var command = $"{ExportedConfig.Launch(gpus)} {script} \\\n  " + string.Join(" \\\n  ", arguments.Select(one => one.Value is null
            ? $"--{one.Name}" : $"--{one.Name} {Quoted(one.Value)}"));
        return new ExportedConfig("diffusers' examples",
            new Dictionary<string, string>
            {
                ["train.sh"] = $"#!/bin/sh\n# Written by kit export-config for diffusers' "
                + $"examples.\n{command}\n"
            },
            command, losses.All(), Notes(run, gpus));
    }

    private static List<(string Name, string? Value)> Arguments(RunCard card, TrainOptions run, Losses losses)
    {
        var concept = run.Concepts[0];
        var newWord = run.Method == TrainMethod.TextualInversion;
        List<(string Name, string? Value)> list =
        [
            ("pretrained_model_name_or_path", card.Base), (newWord ? "train_data_dir" : "instance_data_dir",
                Path.GetFullPath(concept.InstanceDir)),
            ("output_dir", "output"), ("seed", Text(run.Seed)), ("resolution", Text(run.Images.Size ?? 512)),
            ("train_batch_size", Text(run.Intervals.BatchSize ?? 1)), ("gradient_accumulation_steps",
                Text(run.Intervals.GradientAccumulation)),
            ("lr_scheduler", run.Learning.Schedule), ("lr_warmup_steps", Text(run.Learning.Warmup)), ("max_train_steps", Text(Steps(run))),
        ];
        losses.Take("instance_dir", "seed", "size", "batch_size", "gradient_accumulation", "schedule", "warmup", "epochs", "learning_rate",
            "gradient_checkpointing", "repeats");
        var rate = newWord ? run.Learning.TextRate ?? 5e-3
            : run.Learning.Rate ?? TrainOptimizers.SuitableRate(run.Learning.Optimizer, run.WritesLora ? 1e-4 : 2e-6);
        list.Add(("learning_rate", Text(rate)));
        if (run.Memory.GradientCheckpointing)
            list.Add(("gradient_checkpointing", null));
        if (card.Versions.GetValueOrDefault("dtype") is var dtype && dtype is "float16" or "bfloat16")
            list.Add(("mixed_precision", dtype == "float16" ? "fp16" : "bf16"));
        Learning(list, run, losses);
        if (newWord)
        {
            list.AddRange([("placeholder_token", run.NewToken), ("initializer_token", run.TokenLike), ("num_vectors",
                Text(run.TokenVectors)),
                ("learnable_property", "object"), ("repeats", Text(concept.Repeats ?? 1))]);
            losses.Take("token_vectors", "instance_token", "class_token", "text_learning_rate");
            if (concept.InstancePrompt != $"a photo of {run.NewToken}")
                losses.Tell("instance_prompt", "textual_inversion.py takes prompts of its own for every picture.");
        }
        else
            Subject(list, run, losses);
        Sampling(list, run, losses, newWord);
        return list;
    }

    private static void Learning(List<(string Name, string? Value)> list, TrainOptions run, Losses losses)
    {
        losses.Take("optimizer");
        if (run.Learning.Optimizer == OptimizerKind.AdamW8bit)
            list.Add(("use_8bit_adam", null));
        else if (run.Learning.Optimizer != OptimizerKind.AdamW)
            losses.Tell("optimizer", "the example has AdamW and its 8-bit form alone.");
        if (run.Learning.Schedule == "cosine_with_restarts")
            list.Add(("lr_num_cycles", Text(run.Learning.Cycles)));
        if (run.Learning.Schedule == "piecewise_constant")
            losses.Tell("schedule", "the example gives this schedule no rules.");
        losses.Take("schedule_cycles", "schedule_rules");
        if (run.Learning.Schedule != "polynomial")
            losses.Take("schedule_power", "schedule_end");
        else if (run.Method != TrainMethod.TextualInversion)
        {
            list.Add(("lr_power", Text(run.Learning.Power)));
            losses.Take("schedule_power");
        }

        if (run.Method != TrainMethod.TextualInversion)
        {
            list.Add(("max_grad_norm", Text(run.Learning.MaxGradNorm)));
            losses.Take("max_grad_norm");
        }

        if (run.Method == TrainMethod.DreamBooth && run.Loss.SnrGamma is { } gamma)
        {
            list.Add(("snr_gamma", Text(gamma)));
            losses.Take("snr_gamma");
        }

        if (run.Method == TrainMethod.DreamBooth && run.Loss.NoiseOffset == 0.1)
        {
            list.Add(("offset_noise", null));
            losses.Take("noise_offset");
        }
    }

    private static void Subject(List<(string Name, string? Value)> list, TrainOptions run, Losses losses)
    {
        var concept = run.Concepts[0];
        losses.Take("instance_prompt", "class_prompt", "class_dir", "class_images", "class_images_per_instance", "prior_loss_weight",
            "instance_token", "class_token", "instance_token_only");
        var pictures = Directory.Exists(concept.InstanceDir) ? TrainingPicture.Read(concept) : [];
        List<string> prompts = [.. pictures.Select(picture => picture.Prompt).DefaultIfEmpty(concept.InstancePrompt).Distinct()];
        list.Add(("instance_prompt", prompts[0]));
        if (prompts.Count > 1)
            losses.Tell("instance_prompt", $"the example takes one prompt for all pictures, \"{prompts[0]}\"; the other captions are not "
                + "read.");
        if (concept.ClassPrompt is { } ofClass)
        {
            list.AddRange([("with_prior_preservation", null), ("class_data_dir", ClassImages.FolderOf(run, concept)),
                ("class_prompt", pictures.FirstOrDefault()?.ClassPrompt ?? ofClass),
                ("num_class_images", Text(concept.ClassImagesFor(pictures.Count))), ("prior_loss_weight", Text(run.Loss.PriorLossWeight))]);
        }

        if (run.Concepts.Count > 1)
            losses.Tell("instance_dir", $"the example learns one concept; {run.Concepts.Count - 1} more are left out.");
        if (run.TextRatio > 0)
            list.Add(("train_text_encoder", null));
        if (!run.Images.RandomCrop)
            list.Add(("center_crop", null));
        losses.Take("train_text_encoder", "random_crop");
        losses.Tell("buckets", "the example cuts all pictures square.");
        if (run.WritesLora)
            Network(list, run, losses);
        if (run.TextRatio > 0 && run.Learning.TextRate is not null)
            losses.Tell("text_learning_rate", "the example has one rate for both.");
        else
            losses.Take("text_learning_rate");
    }

    private static void Network(List<(string Name, string? Value)> list, TrainOptions run, Losses losses)
    {
        list.AddRange([("rank", Text(run.Lora.Rank)), ("lora_dropout", Text(run.Lora.Dropout))]);
        losses.Take("rank", "lora_dropout");
        if ((run.Lora.Alpha ?? run.Lora.Rank) != run.Lora.Rank || run.Lora.RsLora)
            losses.Tell("alpha", "the example scales by 1 always (alpha is the rank).");
        else
            losses.Take("alpha", "rs_lora");
        if (run.Lora.Init == Lora.LoraInit.Gaussian)
            losses.Take("lora_init");
        else
            losses.Tell("lora_init", "the example begins with a normal distribution (gaussian).");
        var targets = Training.Settings.Setting.All.First(setting => setting.Property.Name == nameof(run.Lora.Targets)).Name;
        losses.Take(targets);
        if ((run.Lora.Targets ?? run.DefaultTargets).Name != "attention")
            losses.Tell(targets, "the example adapts the attention's projections alone.");
    }

    private static void Sampling(List<(string Name, string? Value)> list, TrainOptions run, Losses losses, bool newWord)
    {
        if (run.Samples.Every > 0)
        {
            var prompt = run.Concepts[0].SamplePrompts?.FirstOrDefault() ?? run.Concepts[0].InstancePrompt;
            list.AddRange([("validation_prompt", prompt), ("num_validation_images", Text(run.Concepts[0].SamplesPerPrompt)),
                run.Method == TrainMethod.Lora || run.Method == TrainMethod.LoraExtended
                    ? ("validation_epochs", Text(run.Samples.Every)) : ("validation_steps", Text(run.Samples.Every * StepsPerEpoch(run)))]);
            losses.Take("sample_every", "samples_per_prompt");
            if (run.Concepts[0].SamplePrompts is { Count: > 1 } prompts)
                losses.Tell("sample_prompts", $"the example draws one prompt; {prompts.Count - 1} more are left out.");
        }
        else
            losses.Take("samples_per_prompt", "sample_prompts", "sample_negative_prompt", "sample_guidance", "sanity_prompt",
                "sample_at_first");
        if (run.Saving.Every > 0)
        {
            list.Add(("checkpointing_steps", Text(run.Saving.Every * StepsPerEpoch(run))));
            if (run.Saving.KeepLast > 0)
                list.Add(("checkpoints_total_limit", Text(run.Saving.KeepLast)));
        }

        losses.Take("save_every", "keep_last");
        if (newWord)
            losses.Take("method");
    }

    private static int StepsPerEpoch(TrainOptions run)
    {
        var pictures = run.Concepts.Sum(concept => (Directory.Exists(concept.InstanceDir) ? TrainingPicture.Read(concept).Count : 1)
            * (concept.Repeats ?? 1));
        var batch = Math.Min(pictures, run.Intervals.BatchSize ?? 1) * run.Intervals.GradientAccumulation;
        return Math.Max(1, (int)Math.Ceiling(pictures / (double)batch));
    }

    private static int Steps(TrainOptions run) => (run.Intervals.Epochs ?? 100) * StepsPerEpoch(run);

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Quoted(string text) => text.All(letter => char.IsAsciiLetterOrDigit(letter) || "_-./:".Contains(letter,
        StringComparison.Ordinal))
        && text.Length > 0 ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static IReadOnlyList<string> Notes(TrainOptions run, int gpus)
    {
        var notes = new List<string>();
        if (run.Concepts[0].ClassPrompt is not null && run.UsesClassImages)
            notes.Add("The example paints class images that are missing, at its own steps and guidance.");
        return [.. notes, .. ExportedConfig.NotesOfAll(gpus)];
    }
}
