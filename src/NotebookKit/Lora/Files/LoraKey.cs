using System.Text.RegularExpressions;
using NotebookKit.Lora.Kinds;

namespace NotebookKit.Lora.Files;

/// <summary>One tensor's name in a LoRA file, whichever tool wrote it.</summary>
/// <param name="Module">The adapted layer by its kohya name, such as lora_unet_mid_block_attentions_0_proj_in.</param>
/// <param name="Path">The same as the file spells it, for settings that go by it.</param>
/// <param name="Part">Which of the layer's tensors it is, by kohya's or LyCORIS' name for it: lora_down, alpha, hada_w1_a and so
/// on.</param>
internal readonly partial record struct LoraKey(string Module, string Path, string Part)
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
        [".lora_B.bias"] = "lora_bias",
        [".lora_B.default.bias"] = "lora_bias",
        [".scalar"] = "scalar",
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
                return new LoraKey(ModuleName(module), PathOf(module), part);
        }

        return null;
    }

    private static string ModuleName(string path)
    {
        if (!path.Contains('.', StringComparison.Ordinal) && Flat().Match(path) is { Success: true } flat)
            return (flat.Groups["text"].Success ? LoraModules.TextPrefix : LoraModules.UNetPrefix) + path[flat.Length..];
        if (path.StartsWith("lora_", StringComparison.Ordinal) && !path.Contains('.', StringComparison.Ordinal))
            return path;
        path = PathOf(path).Replace(".processor.", ".");
        if (TextPrefix().Match(path) is { Success: true } prefix)
            path = path[prefix.Length..];
        if (path.StartsWith("text_model.", StringComparison.Ordinal))
            return LoraModules.TextPrefix + TextProjection().Replace(path, ".self_attn.${1}_proj").Replace('.', '_');
        path = UNetPrefix().Replace(path, "");
        return LoraModules.UNetPrefix + BareOutput().Replace(path, ".to_out.0").Replace('.', '_');
    }

    private static string PathOf(string path) => path.Replace("base_model.model.", "", StringComparison.Ordinal);

    [GeneratedRegex("^(lora|oft)_(unet|te1?)_[^.]+$")]
    private static partial Regex KohyaName();

    // kohya's, its OFT's own, and te1 for the one text encoder, as diffusers' export and OneTrainer write it.
    [GeneratedRegex("^(lora|oft)_(unet|(?<text>te1?))_")]
    private static partial Regex Flat();

    // OneTrainer's names of the text encoder, and of the UNet.
    [GeneratedRegex(@"^(text_encoder|clip_l|te1|te|lora_te1|lora_te)\.")]
    private static partial Regex TextPrefix();

    [GeneratedRegex(@"^(lora_)?unet\.")]
    private static partial Regex UNetPrefix();

    [GeneratedRegex(@"\.to_out$")]
    private static partial Regex BareOutput();

    [GeneratedRegex(@"\.self_attn\.to_(q|k|v|out)$")]
    private static partial Regex TextProjection();
}
