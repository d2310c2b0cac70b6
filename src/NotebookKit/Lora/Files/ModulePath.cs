namespace NotebookKit.Lora.Files;

/// <summary>Turns a kohya name back into a dotted path, by the words that Stable Diffusion's layers are called.</summary>
internal static class ModulePath
{
    private static readonly string[] Words =
    [
        "down_blocks", "up_blocks", "mid_block", "attentions", "resnets", "downsamplers", "upsamplers", "transformer_blocks",
        "attn1", "attn2", "to_q", "to_k", "to_v", "to_out", "ff", "net", "proj_in", "proj_out", "proj",
        "conv_shortcut", "conv_in", "conv_out", "conv1", "conv2", "conv", "time_emb_proj", "time_embedding", "linear_1", "linear_2",
        "text_model", "encoder", "layers", "self_attn", "q_proj", "k_proj", "v_proj", "out_proj", "mlp", "fc1", "fc2",
    ];

    /// <summary><c>unet.mid_block.attentions.0.proj_in</c> of lora_unet_mid_block_attentions_0_proj_in.</summary>
    /// <param name="module">A kohya name.</param>
    /// <exception cref="BadInputException">It has a word that no layer of Stable Diffusion has.</exception>
    public static string Of(string module)
    {
        var text = module.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal);
        var rest = module[(text ? LoraModules.TextPrefix : LoraModules.UNetPrefix).Length..];
        var path = new List<string> { text ? "text_encoder" : "unet" };
        while (rest.Length > 0)
        {
            var digits = rest.TakeWhile(char.IsAsciiDigit).Count();
            var word = digits > 0 ? rest[..digits]
                : Words.Where(word => rest == word || rest.StartsWith(word + "_", StringComparison.Ordinal)).MaxBy(word => word.Length)
                ?? throw new BadInputException(
                    $"{module} is no layer of Stable Diffusion that has a name in other formats; write a kohya file.");
            path.Add(word);
            rest = rest.Length > word.Length ? rest[(word.Length + 1)..] : "";
        }

        return string.Join('.', path);
    }
}
