using System.Text.RegularExpressions;

namespace NotebookKit.Lora;

/// <summary>One tensor's name in a LoRA file, whichever tool wrote it.</summary>
/// <param name="Module">The adapted layer by its kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
/// <param name="Part">Which of the layer's tensors it is.</param>
internal readonly partial record struct LoraKey(string Module, LoraPart Part)
{
    /// <summary>
    /// Reads a name in any of these spellings, or returns null: kohya (<c>lora_unet_a_b.lora_down.weight</c>), PEFT
    /// (<c>unet.a.b.lora_A.weight</c>), diffusers from 0.21 (<c>unet.a.b.lora.down.weight</c>), and diffusers' attention
    /// processors before that (<c>unet.a.processor.to_q_lora.down.weight</c>).
    /// </summary>
    public static LoraKey? Parse(string name)
    {
        var match = Spelling().Match(name);
        if (!match.Success)
            return null;
        LoraPart? part = match.Groups["part"].Value switch
        {
            ".lora_down.weight" or ".lora_A.weight" or ".lora_A.default.weight" or ".lora.down.weight" or "_lora.down.weight"
                or ".lora_linear_layer.down.weight" => LoraPart.Down,
            ".lora_up.weight" or ".lora_B.weight" or ".lora_B.default.weight" or ".lora.up.weight" or "_lora.up.weight"
                or ".lora_linear_layer.up.weight" => LoraPart.Up,
            _ => LoraPart.Alpha,
        };
        return new LoraKey(ModuleName(match.Groups["module"].Value), part.Value);
    }

    private static string ModuleName(string path)
    {
        if (path.StartsWith("lora_te1_", StringComparison.Ordinal))
            return LoraModules.TextPrefix + path["lora_te1_".Length..]; // diffusers' own export writes SDXL's prefix
        if (path.StartsWith("lora_", StringComparison.Ordinal))
            return path;
        path = path.Replace("base_model.model.", "").Replace(".processor.", ".");
        if (path.StartsWith("text_encoder.", StringComparison.Ordinal))
            path = path["text_encoder.".Length..];
        if (path.StartsWith("text_model.", StringComparison.Ordinal))
            return LoraModules.TextPrefix + TextProjection().Replace(path, ".self_attn.${1}_proj").Replace('.', '_');
        if (path.StartsWith("unet.", StringComparison.Ordinal))
            path = path["unet.".Length..];
        return LoraModules.UNetPrefix + BareOutput().Replace(path, ".to_out.0").Replace('.', '_');
    }

    [GeneratedRegex(@"^(?<module>.+?)(?<part>\.lora_(down|up)\.weight|\.lora_[AB](\.default)?\.weight|\.lora\.(down|up)\.weight|_lora\.(down|up)\.weight|\.lora_linear_layer\.(down|up)\.weight|\.alpha)$")]
    private static partial Regex Spelling();

    [GeneratedRegex(@"\.to_out$")]
    private static partial Regex BareOutput();

    [GeneratedRegex(@"\.self_attn\.to_(q|k|v|out)$")]
    private static partial Regex TextProjection();
}

/// <summary>The tensors that a file holds for one adapted layer.</summary>
internal enum LoraPart
{
    /// <summary>The weights that squeeze.</summary>
    Down,

    /// <summary>The weights that spread.</summary>
    Up,

    /// <summary>The scale's numerator.</summary>
    Alpha,
}
