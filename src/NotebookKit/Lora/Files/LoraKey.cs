using System.Text.RegularExpressions;
using NotebookKit.Lora.Kinds;

namespace NotebookKit.Lora.Files;

/// <summary>One tensor's name in a LoRA file, whichever tool wrote it.</summary>
/// <param name="Module">The adapted layer by its kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
/// <param name="Part">Which of the layer's tensors it is, by kohya's or LyCORIS' name for it: lora_down, alpha, hada_w1_a and so
/// on.</param>
internal readonly partial record struct LoraKey(string Module, string Part)
{
    // What goes with any kind: the scale, DoRA's lengths (PEFT's have a name of their own), and a change of the bias.
    private static readonly Dictionary<string, string> Common = new()
    {
        [".alpha"] = "alpha",
        [".scale"] = "scale",
        [".dora_scale"] = "dora_scale",
        [".lora_magnitude_vector"] = "magnitude",
        [".lora_magnitude_vector.weight"] = "magnitude",
        [".lora_magnitude_vector.default"] = "magnitude",
        [".lora_magnitude_vector.default.weight"] = "magnitude",
        [".diff_b"] = "diff_b",
    };

    // The longest first: _lora.down.weight ends with .weight too.
    private static readonly List<(string Ending, string Part)> Endings =
        [.. AdapterKind.All.SelectMany(kind => kind.Endings).Concat(Common).Select(pair => (pair.Key, pair.Value))
            .OrderByDescending(pair => pair.Key.Length)];

    /// <summary>
    /// Reads a name in any of these spellings, or returns null: kohya and LyCORIS (<c>lora_unet_a_b.lora_down.weight</c>,
    /// <c>lora_unet_a_b.hada_w1_a</c>), PEFT (<c>unet.a.b.lora_A.weight</c>), diffusers from 0.21
    /// (<c>unet.a.b.lora.down.weight</c>), and diffusers' attention processors before that
    /// (<c>unet.a.processor.to_q_lora.down.weight</c>).
    /// </summary>
    public static LoraKey? Parse(string name)
    {
        foreach (var (ending, part) in Endings)
        {
            if (!name.EndsWith(ending, StringComparison.Ordinal) || name.Length == ending.Length)
                continue;
            var module = name[..^ending.Length];
            // Every layer of a model has a .weight; only beside a kohya name is it an adapter's.
            if (part != "weight" || KohyaName().IsMatch(module))
                return new LoraKey(ModuleName(module), part);
        }

        return null;
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

    [GeneratedRegex("^lora_(unet|te1?)_[^.]+$")]
    private static partial Regex KohyaName();

    [GeneratedRegex(@"\.to_out$")]
    private static partial Regex BareOutput();

    [GeneratedRegex(@"\.self_attn\.to_(q|k|v|out)$")]
    private static partial Regex TextProjection();
}
