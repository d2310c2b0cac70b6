using NotebookKit.Checkpoints;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>What a file of weights is, by the names and shapes in it.</summary>
public enum CheckpointKind
{
    /// <summary>None of the kinds below.</summary>
    Unknown,

    /// <summary>Stable Diffusion 1.x in one file.</summary>
    StableDiffusion1,

    /// <summary>Stable Diffusion 2.x in one file.</summary>
    StableDiffusion2,

    /// <summary>Stable Diffusion that repaints a masked region: its UNet takes 9 channels.</summary>
    Inpainting,

    /// <summary>Stable Diffusion that edits by instruction (InstructPix2Pix): its UNet takes 8 channels.</summary>
    InstructPix2Pix,

    /// <summary>Stable Diffusion that follows a depth map, or enlarges: its UNet takes 5 or 7 channels.</summary>
    OtherConditioned,

    /// <summary>Stable Diffusion XL.</summary>
    StableDiffusionXL,

    /// <summary>Stable Diffusion 3 or Flux: a transformer instead of a UNet.</summary>
    Transformer,

    /// <summary>A UNet alone, in diffusers' names.</summary>
    UNet,

    /// <summary>A VAE alone, in either naming.</summary>
    Vae,

    /// <summary>A CLIP text encoder alone.</summary>
    TextEncoder,

    /// <summary>A LoRA, or one of its relatives.</summary>
    Lora,

    /// <summary>Textual inversion: vectors of a new word.</summary>
    TextualInversion,

    /// <summary>ControlNet.</summary>
    ControlNet,

    /// <summary>What a training of the kit needs to go on: its weights, optimizer and steps.</summary>
    RunState,
}

/// <summary>Recognises files of weights.</summary>
public static class CheckpointKinds
{
    // PEFT keeps adapters of every kind below base_model; cloneofsimo's have numbers for names.
    private static readonly string[] AdapterStarts =
        ["base_model.", "lora_", "oft_unet_", "oft_te", "unet:0:", "text_encoder:0:", "vera_A", "vera_B"];

    private static readonly string[] AdapterParts =
    [
        ".lora_", "_lora.", ".lora.", ".hada_", ".lokr_", ".oft_", ".boft_", ".vera_lambda_", ".dora_scale", ".diff", ".w_norm", ".b_norm",
        ".on_input", ".a1.weight", ".ia3_l", ".hra_u", ".vblora_", ".fourierft_", ".randlora_", ".bone_block",
    ];

    /// <summary>What a file is.</summary>
    /// <param name="file">The open file.</param>
    public static CheckpointKind Of(WeightFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var names = file.Weights.Keys;
        if (file.Metadata.ContainsKey(CheckpointFile.StateNote) && Any("weights."))
            return CheckpointKind.RunState;
        if (Any(LdmPrefixes.Conditioner))
            return CheckpointKind.StableDiffusionXL;
        if (names.Any(name => name.Contains("joint_blocks.", StringComparison.Ordinal)
            || name.Contains("double_blocks.", StringComparison.Ordinal)))
            return CheckpointKind.Transformer;
        if (UNetEntry(file, "input_blocks.0.0.weight") is { } stem)
        {
            return OfChannels(stem.Shape.ElementAtOrDefault(1))
                ?? (Any(LdmPrefixes.OpenClip) || Context(file) == 1024 ? CheckpointKind.StableDiffusion2 : CheckpointKind.StableDiffusion1);
        }

        if (names.Any(name => name.StartsWith("control_model.", StringComparison.Ordinal)
            || name.StartsWith("controlnet_cond_embedding.", StringComparison.Ordinal)))
            return CheckpointKind.ControlNet;
        if (AdapterStarts.Any(Any) || names.Any(name => AdapterParts.Any(part => name.Contains(part, StringComparison.Ordinal)))
            || (names.Any() && names.All(name => name.All(char.IsAsciiDigit))))
            return CheckpointKind.Lora;
        if (names.Any(name => name.StartsWith("string_to_param.", StringComparison.Ordinal) || name is "emb_params" or "clip_l"))
            return CheckpointKind.TextualInversion;
        if (Any("down_blocks.0.resnets.") && Any("time_embedding."))
            return CheckpointKind.UNet;
        if (Any("first_stage_model.") || Any("encoder.down.") || Any("encoder.down_blocks."))
            return CheckpointKind.Vae;
        if (names.Any(name => name.EndsWith("embeddings.token_embedding.weight", StringComparison.Ordinal)))
            return CheckpointKind.TextEncoder;
        return names.Count() == 1 && names.Single() is ['<', .., '>'] && file.Weights.Values.Single().Shape.Count is 1 or 2
            ? CheckpointKind.TextualInversion : CheckpointKind.Unknown;

        bool Any(string prefix) => names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>The kind of Stable Diffusion whose UNet takes that many channels; null where it takes latents alone.</summary>
    internal static CheckpointKind? OfChannels(long channels) => channels switch
    {
        9 => CheckpointKind.Inpainting,
        8 => CheckpointKind.InstructPix2Pix,
        5 or 7 => CheckpointKind.OtherConditioned,
        _ => null,
    };

    /// <summary>The kind that a pipeline's class name in diffusers stands for; null for those whose parts decide.</summary>
    internal static CheckpointKind? OfPipeline(string? className) => className switch
    {
        null => null,
        _ when className.Contains("XL", StringComparison.Ordinal) => CheckpointKind.StableDiffusionXL,
        _ when className.StartsWith("StableDiffusion3", StringComparison.Ordinal)
            || className.StartsWith("Flux", StringComparison.Ordinal) => CheckpointKind.Transformer,
        _ when className.Contains("Depth2Img", StringComparison.Ordinal)
            || className.Contains("Upscale", StringComparison.Ordinal) => CheckpointKind.OtherConditioned,
        _ when className.Contains("InstructPix2Pix", StringComparison.Ordinal) => CheckpointKind.InstructPix2Pix,
        _ => null,
    };

    /// <summary>The kind in words.</summary>
    /// <param name="kind">The kind.</param>
    public static string InWords(this CheckpointKind kind) => kind switch
    {
        CheckpointKind.StableDiffusion1 => "a Stable Diffusion 1.x checkpoint",
        CheckpointKind.StableDiffusion2 => "a Stable Diffusion 2.x checkpoint",
        CheckpointKind.Inpainting => "an inpainting checkpoint (its UNet takes 9 channels)",
        CheckpointKind.InstructPix2Pix => "an InstructPix2Pix checkpoint (its UNet takes 8 channels)",
        CheckpointKind.OtherConditioned => "a depth or upscaling checkpoint (its UNet takes more than 4 channels)",
        CheckpointKind.StableDiffusionXL => "a Stable Diffusion XL checkpoint",
        CheckpointKind.Transformer => "a Stable Diffusion 3 or Flux checkpoint",
        CheckpointKind.UNet => "a UNet alone",
        CheckpointKind.Vae => "a VAE alone",
        CheckpointKind.TextEncoder => "a text encoder alone",
        CheckpointKind.Lora => "a LoRA",
        CheckpointKind.TextualInversion => "a textual inversion embedding",
        CheckpointKind.ControlNet => "a ControlNet",
        CheckpointKind.RunState => "the state of a training",
        _ => "weights of an unknown kind",
    };

    /// <summary>Width of the text states that a UNet in LDM's names attends to; null where none shows.</summary>
    internal static long? Context(WeightFile file) => file.Weights.Values.FirstOrDefault(entry =>
        (entry.Name.StartsWith(LdmPrefixes.UNet, StringComparison.Ordinal)
            && entry.Name.EndsWith("attn2.to_k.weight", StringComparison.Ordinal))
        || (entry.Name.StartsWith(LdmPrefixes.Ema, StringComparison.Ordinal)
            && entry.Name.EndsWith("attn2to_kweight", StringComparison.Ordinal)))?.Shape.ElementAtOrDefault(1);

    /// <summary>Whether a file has the UNet's averaged copy and not the UNet itself; other tools refuse it, for want of names.</summary>
    internal static bool OnlyAveraged(WeightFile file) =>
        !file.Weights.Keys.Any(name => name.StartsWith(LdmPrefixes.UNet, StringComparison.Ordinal))
            && UNetEntry(file, "input_blocks.0.0.weight") is not null;

    /// <summary>A tensor of the UNet by its LDM name, or its averaged copy where the file has only that; null where it has
    /// neither.</summary>
    internal static WeightEntry? UNetEntry(WeightFile file, string name) =>
        file.Weights.GetValueOrDefault(LdmPrefixes.UNet + name)
            ?? LdmPrefixes.EmaNames(name).Select(file.Weights.GetValueOrDefault).FirstOrDefault(found => found is not null);
}
