using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Runs;
using Tomlyn.Model;

namespace NotebookKit.Interop;

/// <summary>Reads kohya's TOML into a run card: a <c>--config_file</c>, and the <c>--dataset_config</c> that it names.</summary>
public static class KohyaImport
{
    // What has a counterpart but no setting: read here, or said by the others.
    private static readonly HashSet<string> Read = ["pretrained_model_name_or_path", "dataset_config", "optimizer_type", "use_8bit_adam",
        "use_lion_optimizer", "learning_rate", "unet_lr", "text_encoder_lr", "learning_rate_te", "network_train_unet_only",
            "network_module",
        "network_alpha", "network_args", "output_dir", "output_name", "save_precision", "mixed_precision", "train_data_dir", "reg_data_dir",
        "resolution", "train_batch_size", "max_train_steps", "enable_bucket", "sample_sampler", "token_string", "init_word",
        "num_vectors_per_token", "save_last_n_epochs", "stop_text_encoder_training", "network_dropout", "lr_scheduler_args",
        "optimizer_args"];

    // What changes no weight, or what the kit does anyway.
    internal static readonly HashSet<string> Idle = ["cache_latents", "cache_latents_to_disk", "sdpa", "xformers", "mem_eff_attn",
        "logging_dir",
        "log_with", "log_prefix", "save_model_as", "save_state", "max_data_loader_n_workers", "persistent_data_loader_workers", "lowram",
        "highvram", "training_comment", "no_metadata", "vae_batch_size", "console_log_level", "min_bucket_reso", "max_bucket_reso",
        "bucket_reso_steps", "bucket_no_upscale", "keep_tokens", "sample_prompts"];

    // What the kit's optimizers do.
    private static readonly HashSet<string> Usual = ["weight_decay=0.01", "relative_step=False", "scale_parameter=False",
        "warmup_init=False"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The TOML of its arguments, or of its dataset alone.</param>
    /// <exception cref="BadInputException">It is none, or a value is none that the kit knows.</exception>
    public static ImportedConfig Of(string path)
    {
        var given = Toml.Read(path);
        var missing = new List<string>();
        var arguments = Flat(given);
        var run = Arguments(path, arguments, missing);
        var dataset = given.ContainsKey("datasets") ? given
            : arguments.GetValueOrDefault("dataset_config") is string file ? Toml.Read(Beside(path, file)) : null;
        run = dataset is not null ? KohyaDatasetImport.Of(path, dataset, run, missing) : Folders(arguments, run, missing);
        run = Steps(arguments, run, missing);
        var dtype = arguments.GetValueOrDefault("mixed_precision") switch { "fp16" => "float16", "bf16" => "bfloat16", _ => "float32" };
        var source = arguments.GetValueOrDefault("pretrained_model_name_or_path") as string ?? "";
        if (source.Length == 0)
            missing.Add("pretrained_model_name_or_path is not given; name the base as --base when you train.");
        return new ImportedConfig(new RunCard(source, null, new Dictionary<string, string>(), new Dictionary<string, string>(), run,
            new Dictionary<string, string> { ["dtype"] = dtype }), missing);
    }

    // Its scripts ignore the names of sections.
    private static Dictionary<string, object> Flat(TomlTable table) =>
        table.SelectMany(pair => pair.Value is TomlTable inner && pair.Key != "general" ? (IEnumerable<KeyValuePair<string, object>>)inner
            : [pair])
            .Where(pair => pair.Value is not null && pair.Key is not ("datasets" or "general")).DistinctBy(pair => pair.Key)
            .ToDictionary(pair => pair.Key, pair => pair.Value!);

    private static TrainOptions Arguments(string path, Dictionary<string, object> arguments, List<string> missing)
    {
        var run = new TrainOptions();
        foreach (var (name, value) in arguments)
        {
            var pair = KohyaNames.Arguments.Concat(KohyaNames.Network).Concat(KohyaNames.Subset).FirstOrDefault(pair => pair.Kohya == name);
            if (pair.Setting is { } setting)
                run = ConfigValue.Set(path, name, run, setting, value);
            else if (!Read.Contains(name) && !Idle.Contains(name) && value is not (false or ""))
                missing.Add($"{name} {ConfigValue.Shown(value)}: the kit has nothing of the kind.");
        }

        return Network(path, arguments, Learning(path, arguments, run, missing), missing);
    }

    private static TrainOptions Learning(string path, Dictionary<string, object> arguments, TrainOptions run, List<string> missing)
    {
        var vectors = arguments.ContainsKey("token_string");
        foreach (var (name, setting) in new[] { ("learning_rate", vectors ? "text_learning_rate" : "learning_rate"),
            ("unet_lr", "learning_rate"), ("text_encoder_lr", "text_learning_rate"), ("learning_rate_te", "text_learning_rate"),
            ("num_vectors_per_token", "token_vectors"), ("token_string", "instance_token"), ("init_word", "class_token"),
            ("enable_bucket", "buckets") })
        {
            if (arguments.TryGetValue(name, out var value))
                run = ConfigValue.Set(path, name, run, setting, value is TomlArray { Count: > 0 } list ? list[0]! : value);
        }

        var optimizer = arguments.GetValueOrDefault("optimizer_type") as string
            ?? (arguments.GetValueOrDefault("use_8bit_adam") is true ? "AdamW8bit"
                : arguments.GetValueOrDefault("use_lion_optimizer") is true
            ? "Lion" : "AdamW");
        var kind = KohyaNames.Optimizers.Where(pair => pair.Kohya.Equals(optimizer, StringComparison.OrdinalIgnoreCase)).ToList();
        if (kind.Count == 0)
            throw new BadInputException($"{path}: the kit has no optimizer_type {optimizer}; "
                + NearestName.Hint(optimizer, [.. KohyaNames.Optimizers.Select(pair => pair.Kohya)]));
        run = run with { Learning = run.Learning with { Optimizer = kind[0].Kind } };
        foreach (var other in (arguments.GetValueOrDefault("optimizer_args") as TomlArray ?? []).OfType<string>().Where(one =>
            !Usual.Contains(one)))
            missing.Add($"optimizer_args {other}: the kit's optimizers have nothing of the kind.");
        if (arguments.GetValueOrDefault("sample_sampler") is string sampler && KohyaNames.Samplers.FirstOrDefault(pair =>
            pair.Kohya == sampler)
            .Sampler is { } same)
            run = run with { Samples = run.Samples with { Sampler = same } };
        if (arguments.GetValueOrDefault("lr_scheduler_args") is TomlArray { Count: > 0 } rules
            && rules[0] is string rule && rule.StartsWith("step_rules=", StringComparison.Ordinal))
            run = run with { Learning = run.Learning with { Rules = rule["step_rules=".Length..].Trim('\'', '"') } };
        return run;
    }

    private static TrainOptions Network(string path, Dictionary<string, object> arguments, TrainOptions run, List<string> missing)
    {
        var module = arguments.GetValueOrDefault("network_module") as string;
        if (module is null)
            return run with
            {
                Method = arguments.ContainsKey("token_string") ? TrainMethod.TextualInversion : TrainMethod.DreamBooth,
                // train_db.py learns both unless told otherwise.
                TrainTextEncoder = !arguments.ContainsKey("token_string")
                    && !(arguments.TryGetValue("stop_text_encoder_training", out var stop) && Convert.ToInt64(stop,
                        System.Globalization.CultureInfo.InvariantCulture) < 0),
            };
        if (module is not ("networks.lora" or "lycoris.kohya"))
            missing.Add($"network_module {module}: the kit trains LoRA, and LoRA on convolutions.");
        var extra = (arguments.GetValueOrDefault("network_args") as TomlArray ?? []).OfType<string>().Select(one => one.Split('=', 2))
            .Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1]);
        if (arguments.TryGetValue("network_alpha", out var alpha))
            run = ConfigValue.Set(path, "network_alpha", run, "alpha", alpha);
        else
            run = run with { Lora = run.Lora with { Alpha = 1 } }; // its own
        foreach (var (name, value) in extra)
        {
            if (name is "conv_dim")
                run = ConfigValue.Set(path, name, run, "conv_rank", value);
            else if (name is "conv_alpha")
                run = ConfigValue.Set(path, name, run, "conv_alpha", value);
            else if (name is "loraplus_lr_ratio")
                run = ConfigValue.Set(path, name, run, "lora_plus_ratio", value);
            else
                missing.Add($"network_args {name}={value}: the kit has nothing of the kind.");
        }

        return run with
        {
            Method = extra.ContainsKey("conv_dim") ? TrainMethod.LoraExtended : TrainMethod.Lora,
            TrainTextEncoder = arguments.GetValueOrDefault("network_train_unet_only") is not true,
            Lora = run.Lora with { Targets = extra.ContainsKey("conv_dim") ? Lora.LoraTargets.Parse("locon") : Lora.LoraTargets.Kohya },
        };
    }

    // train_data_dir holds folders such as 10_zkr toy, which the kit reads as they are.
    private static TrainOptions Folders(Dictionary<string, object> arguments, TrainOptions run, List<string> missing)
    {
        var concept = run.Concepts[0] with { InstanceDir = arguments.GetValueOrDefault("train_data_dir") as string ?? "" };
        if (concept.InstanceDir.Length == 0)
            missing.Add("Neither dataset_config nor train_data_dir is given; name the pictures as --instance-dir when you train.");
        if (arguments.GetValueOrDefault("reg_data_dir") is string of && Directory.Exists(of)
            && Directory.EnumerateDirectories(of).FirstOrDefault(folder => KohyaFolder.Of(folder) is not null) is { } folder)
            concept = concept with { ClassDir = folder, ClassPrompt = KohyaFolder.Of(folder)!.Words };
        else if (arguments.TryGetValue("reg_data_dir", out var elsewhere))
            missing.Add($"reg_data_dir {ConfigValue.Shown(elsewhere)}: no folder such as 1_toy is there; give --class-dir and "
                + "--class-prompt when you train.");
        var size = arguments.GetValueOrDefault("resolution") is { } resolution ? KohyaDatasetImport.SizeOf(resolution, missing) : null;
        return run with
        {
            Concepts = [concept],
            Images = run.Images with { Size = size },
            Intervals = run.Intervals with
            {
                BatchSize = KohyaDatasetImport.BatchOf(arguments.GetValueOrDefault("train_batch_size"),
                concept.ClassPrompt is not null)
            },
        };
    }

    private static TrainOptions Steps(Dictionary<string, object> arguments, TrainOptions run, List<string> missing)
    {
        if (run.Intervals.Epochs is not null || !arguments.TryGetValue("max_train_steps", out var asked))
            return run;
        var steps = Convert.ToDouble(asked, System.Globalization.CultureInfo.InvariantCulture);
        var folders = run.WithKohyaFolders().Concepts;
        if (!folders.All(concept => Directory.Exists(concept.InstanceDir)))
        {
            missing.Add($"max_train_steps {ConfigValue.Shown(asked)}: how many epochs that are cannot be told without the pictures; give "
                + "--epochs when you train.");
            return run;
        }

        var pictures = folders.Sum(concept => TrainingPicture.Read(concept).Count * (concept.Repeats ?? 1));
        var perEpoch = Math.Max(1, pictures / (double)((run.Intervals.BatchSize ?? 1) * run.Intervals.GradientAccumulation));
        return run with { Intervals = run.Intervals with { Epochs = Math.Max(1, (int)Math.Round(steps / perEpoch)) } };
    }

    private static string Beside(string path, string file) =>
        File.Exists(file) ? file : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, file);
}
