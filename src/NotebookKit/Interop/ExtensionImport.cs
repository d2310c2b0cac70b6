using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;

namespace NotebookKit.Interop;

/// <summary>Reads the <c>db_config.json</c> of the web UI's DreamBooth extension (d8ahazard/sd_dreambooth_extension) into a run
/// card.</summary>
public static class ExtensionImport
{
    private static readonly (string Theirs, string Ours)[] Same =
    [
        ("num_train_epochs", "epochs"), ("train_batch_size", "batch_size"), ("gradient_accumulation_steps", "gradient_accumulation"),
        ("gradient_checkpointing", "gradient_checkpointing"), ("resolution", "size"), ("hflip", "flip"), ("shuffle_tags",
            "shuffle_captions"),
        ("lr_scheduler", "schedule"), ("lr_warmup_steps", "warmup"), ("lr_cycles", "schedule_cycles"), ("lr_power", "schedule_power"),
        ("prior_loss_weight", "prior_loss_weight"), ("offset_noise", "noise_offset"), ("stop_text_encoder", "text_encoder_ratio"),
        ("save_preview_every", "sample_every"), ("save_embedding_every", "save_every"), ("sanity_prompt", "sanity_prompt"),
    ];

    // Read below, or what changes no weight here.
    private static readonly HashSet<string> Read = ["concepts_list", "src", "pretrained_model_name_or_path", "model_dir", "model_name",
        "optimizer",
        "use_lora", "use_lora_extended", "lora_learning_rate", "lora_txt_learning_rate", "lora_unet_rank", "lora_txt_rank", "learning_rate",
        "train_imagic", "use_ema", "mixed_precision", "prior_loss_scale", "prior_loss_weight_min", "attention", "cache_latents", "revision",
        "epoch", "initial_revision", "lifetime_revision", "snapshot", "graph_smoothing", "save_safetensors", "custom_model_name",
        "lora_model_name", "concepts_path", "use_concepts", "disable_logging", "scheduler", "sample_batch_size", "sanity_seed", "v2",
        "split_loss", "gradient_set_to_none", "model_path", "weight_decay", "adamw_weight_decay", "lora_weight", "lora_txt_weight",
        "train_unet", "learning_rate_min", "lr_factor", "lr_scale_pos", "clip_skip", "noise_scheduler", "train_unfrozen", "pad_tokens",
        "max_token_length", "strict_tokens", "tf32_enable", "prior_loss_target", "has_ema", "infer_ema", "half_model", "use_subdir",
        "deterministic", "epoch_pause_frequency", "epoch_pause_time", "freeze_clip_normalization", "save_ema", "save_lora_for_extra_net"];

    // Where the extension does another thing than the kit unless these are as usual.
    private static readonly (string Field, string Usual, string Why)[] Other =
    [
        ("v2", "false", "the kit trains Stable Diffusion 1."),
        ("clip_skip", "1", "the kit trains with the text encoder's last layer."),
        ("noise_scheduler", "\"DDPM\"", "the kit adds noise as DDPM does."),
        ("train_unet", "true", "the kit trains the UNet always."),
        ("adamw_weight_decay", "0.01", "the kit's weight decay is 0.01."),
        ("weight_decay", "0.01", "the kit's weight decay is 0.01."),
        ("max_token_length", "75", "the kit reads prompts in chunks of 75 tokens, as many as there are."),
        ("pretrained_vae_name_or_path", "\"\"", "the kit takes the base's own VAE."),
        ("use_concepts", "false", "concepts in a file of their own are not read; put them into concepts_list, or give --concepts when "
            + "you train."),
        ("epoch_pause_frequency", "0", "the kit makes no pauses."),
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="path">A <c>db_config.json</c>.</param>
    /// <exception cref="BadInputException">It is none, or a value is none that the kit knows.</exception>
    public static ImportedConfig Of(string path)
    {
        var fields = Fields(path);
        var missing = new List<string>();
        var run = new TrainOptions();
        foreach (var (name, node) in fields)
        {
            if (Same.FirstOrDefault(pair => pair.Theirs == name).Ours is { } ours)
                run = node is null || node is JsonValue && node.ToString().Length == 0 ? run : ConfigValue.Set(path, name, run, ours, node);
            else if (Other.FirstOrDefault(other => other.Field == name) is { Field: not null } other)
            {
                if (node is not null && node.ToJsonString() != other.Usual && node.ToJsonString() != other.Usual + ".0")
                    missing.Add($"{name} {node.ToJsonString()}: {other.Why}");
            }
            else if (!Read.Contains(name) && !name.StartsWith("save_", StringComparison.Ordinal) && Says(node))
                missing.Add($"{name} {node!.ToJsonString()}: the kit has nothing of the kind.");
        }

        run = Learning(path, fields, run, missing) with { Concepts = Concepts(path, fields, missing) };
        if (run.Samples.Every > 0 && fields["save_preview_every"] is not null)
            run = run with { Samples = run.Samples with { Steps = Whole(First(fields, "save_infer_steps")) ?? 20 } };
        var source = (string?)fields["pretrained_model_name_or_path"] is { Length: > 0 } folder ? folder : (string?)fields["src"] ?? "";
        var dtype = (string?)fields["mixed_precision"] switch { "fp16" => "float16", "bf16" => "bfloat16", _ => "float32" };
        return new ImportedConfig(new RunCard(source, null, new Dictionary<string, string>(), new Dictionary<string, string>(), run,
            new Dictionary<string, string> { ["dtype"] = dtype }), missing);
    }

    private static TrainOptions Learning(string path, JsonObject fields, TrainOptions run, List<string> missing)
    {
        var lora = Is(fields, "use_lora");
        var extended = lora && Is(fields, "use_lora_extended");
        foreach (var (theirs, ours) in lora ? new[] { ("lora_learning_rate", "learning_rate"), ("lora_txt_learning_rate",
            "text_learning_rate"),
            ("lora_unet_rank", "rank") } : [("learning_rate", "learning_rate")])
        {
            if (fields[theirs] is { } value)
                run = ConfigValue.Set(path, theirs, run, ours, value);
        }

        if (lora && fields["lora_txt_rank"]?.ToString() is { } ofText && ofText != fields["lora_unet_rank"]?.ToString())
            missing.Add($"lora_txt_rank {ofText}: taken over as --lora-rank text_encoder={ofText} when you train.");
        if (Is(fields, "prior_loss_scale") && fields["prior_loss_weight_min"] is { } least)
        {
            run = ConfigValue.Set(path, "prior_loss_weight_min", run, "prior_loss_weight_end", least);
            missing.Add("prior_loss_scale: the extension lowers the weight along a curve, the kit along a straight line over the run.");
        }

        if (Is(fields, "use_ema") && !lora)
            run = run with { Learning = run.Learning with { EmaDecay = 0.9999 } };
        var optimizer = ((string?)fields["optimizer"])?.ToLowerInvariant() ?? "";
        var kind = optimizer.Contains("8bit adam", StringComparison.Ordinal) ? OptimizerKind.AdamW8bit
            : optimizer.Contains("lion", StringComparison.Ordinal) ? OptimizerKind.Lion
            : optimizer.Contains("prodigy", StringComparison.Ordinal) ? OptimizerKind.Prodigy
            : optimizer.Contains("adafactor", StringComparison.Ordinal) ? OptimizerKind.Adafactor : OptimizerKind.AdamW;
        if (kind == OptimizerKind.AdamW && optimizer is not ("" or "torch adamw" or "adamw"))
            missing.Add($"optimizer \"{optimizer}\": the kit takes AdamW in its place.");
        return run with
        {
            Method = Is(fields, "train_imagic") ? TrainMethod.Imagic : extended ? TrainMethod.LoraExtended : lora ? TrainMethod.Lora
                : TrainMethod.DreamBooth,
            Learning = run.Learning with { Optimizer = kind },
            Lora = lora ? run.Lora with { Targets = Lora.LoraTargets.Parse(extended ? "extended" : "extension") } : run.Lora,
        };
    }

    private static IReadOnlyList<Concept> Concepts(string path, JsonObject fields, List<string> missing)
    {
        if (fields["concepts_list"] is not JsonArray { Count: > 0 } list)
        {
            missing.Add("concepts_list is empty; name pictures and prompts when you train.");
            return [new()];
        }

        return [.. list.OfType<JsonObject>().Select(concept => ConceptOf(path, concept, missing))];
    }

    private static Concept ConceptOf(string path, JsonObject fields, List<string> missing)
    {
        string? Text(string name) => fields[name] is JsonValue value && value.ToString() is { Length: > 0 } text ? text : null;
        string[] known = ["instance_data_dir", "instance_prompt", "class_prompt", "instance_token", "class_token", "class_data_dir",
            "num_class_images_per", "class_negative_prompt", "class_guidance_scale", "class_infer_steps", "save_sample_prompt",
            "save_sample_negative_prompt", "n_save_sample", "save_guidance_scale", "save_infer_steps", "is_valid", "sample_seed",
            "num_class_images"];
        foreach (var (name, node) in fields)
            if (!known.Contains(name) && Says(node))
                missing.Add($"concept {name} {node!.ToJsonString()}: the kit has nothing of the kind.");
        var per = Whole(fields["num_class_images_per"]) ?? 0;
        var total = Whole(fields["num_class_images"]) ?? 0;
        var concept = new Concept
        {
            InstanceDir = Text("instance_data_dir") ?? "",
            InstancePrompt = Text("instance_prompt") ?? "",
            // Without class images the prompt would have nothing to protect.
            ClassPrompt = per + total > 0 ? Text("class_prompt") : null,
            InstanceToken = Text("instance_token"),
            ClassToken = Text("class_token"),
            ClassDir = Text("class_data_dir"),
            ClassImagesPerInstance = per > 0 ? per : null,
            ClassImages = total > 0 ? total : new Concept().ClassImages,
            ClassNegativePrompt = Text("class_negative_prompt") ?? "",
            ClassGuidance = (double?)(fields["class_guidance_scale"] as JsonValue),
            ClassSteps = Whole(fields["class_infer_steps"]),
            SamplePrompts = Text("save_sample_prompt") is { } prompt ? [prompt] : null,
            SampleNegativePrompt = Text("save_sample_negative_prompt") ?? "",
            SamplesPerPrompt = Math.Max(1, Whole(fields["n_save_sample"]) ?? 4),
        };
        return concept.InstanceDir.Length > 0 ? concept
            : throw new BadInputException($"{path}: a concept lacks instance_data_dir; name the folder with the subject's pictures.");
    }

    private static JsonObject Fields(string path)
    {
        try
        {
            var fields = JsonNode.Parse(File.ReadAllText(path)) as JsonObject;
            // Configurations of before have db_ before every name.
            return fields is not null && fields.Any(field => field.Key is "concepts_list" or "num_train_epochs" or "use_lora"
                or "db_num_train_epochs" or "db_concepts_list")
                ? new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key.StartsWith("db_", StringComparison.Ordinal)
                    ? field.Key[3..] : field.Key, field.Value?.DeepClone())))
                : throw new BadInputException($"{path} is no db_config.json of the DreamBooth extension: it has neither concepts_list nor "
                    + "num_train_epochs.");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is no JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static JsonNode? First(JsonObject fields, string name) =>
        fields["concepts_list"] is JsonArray { Count: > 0 } list && list[0] is JsonObject concept ? concept[name] : null;

    private static int? Whole(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number) ? (int)number : null;

    private static bool Is(JsonObject fields, string name) => fields[name] is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    private static bool Says(JsonNode? node) =>
        node?.ToJsonString() is not (null or "false" or "0" or "0.0" or "\"\"" or "[]" or "-1" or "{}");
}
