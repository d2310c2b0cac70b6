using System.Text.RegularExpressions;

namespace NotebookKit.Lora.Files;

/// <summary>One tensor's name in a LoRA file, whichever tool wrote it.</summary>
/// <param name="Module">The adapted layer by its kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
/// <param name="Part">Which of the layer's tensors it is, by kohya's or LyCORIS' name for it: lora_down, alpha, hada_w1_a and so on.</param>
internal readonly partial record struct LoraKey(string Module, string Part)
{
    /// <summary>
    /// Reads a name in any of these spellings, or returns null: kohya and LyCORIS (<c>lora_unet_a_b.lora_down.weight</c>,
    /// <c>lora_unet_a_b.hada_w1_a</c>), PEFT (<c>unet.a.b.lora_A.weight</c>), diffusers from 0.21
    /// (<c>unet.a.b.lora.down.weight</c>), and diffusers' attention processors before that
    /// (<c>unet.a.processor.to_q_lora.down.weight</c>).
    /// </summary>
    public static LoraKey? Parse(string name)
    {
        var match = Spelling().Match(name);
        if (!match.Success)
            return null;
        var part = match.Groups["part"].Value;
        part = match.Groups["whole"].Success ? "weight"
            : match.Groups["down"].Success ? "lora_down"
            : match.Groups["up"].Success ? "lora_up"
            : match.Groups["magnitude"].Success ? "magnitude"
            : part.EndsWith(".weight", StringComparison.Ordinal) ? part[..^".weight".Length] : part;
        return new LoraKey(ModuleName(match.Groups["module"].Value), part.TrimStart('.'));
    }

    private static string ModuleName(string path)
    {
        if (path.StartsWith("lora_te1_", StringComparison.Ordinal))
            return LoraModules.TextPrefix + path["lora_te1_".Length..]; // diffusers' own export writes SDXL's prefix
        if (path.StartsWith("lora_", StringComparison.Ordinal) && !path.Contains('.', StringComparison.Ordinal))
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

    [GeneratedRegex("""
        ^(?<module>.+?)(?<part>
          (?<down> \.lora_down\.weight | \.lora_A(\.default)?\.weight | \.lora\.down\.weight | _lora\.down\.weight | \.lora_linear_layer\.down\.weight )
        | (?<up>   \.lora_up\.weight | \.lora_B(\.default)?\.weight | \.lora\.up\.weight | _lora\.up\.weight | \.lora_linear_layer\.up\.weight )
        | (?<magnitude> \.lora_magnitude_vector(\.default)?(\.weight)? )
        | \.lora_mid\.weight | \.alpha | \.scale | \.dora_scale
        | \.hada_(w[12]_[ab]|t[12]) | \.lokr_(w[12](_[ab])?|t2)
        | \.oft_(blocks|diag)
        | \.diff(\.weight)? | \.diff_b | \.[wb]_norm | \.[ab][12]\.weight | \.bm\.weight | \.on_input
        | (?<whole> (?<=^lora_(unet|te1?)_[^.]+)\.weight ) )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Spelling();

    [GeneratedRegex(@"\.to_out$")]
    private static partial Regex BareOutput();

    [GeneratedRegex(@"\.self_attn\.to_(q|k|v|out)$")]
    private static partial Regex TextProjection();
}
