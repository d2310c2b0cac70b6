using System.Text.RegularExpressions;
using NotebookKit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora;

/// <summary>Names the layers of a base that can carry an adapter, the way kohya's files name them.</summary>
internal static partial class LoraModules
{
    /// <summary>What the UNet's names begin with in a kohya file.</summary>
    public const string UNetPrefix = "lora_unet_";

    /// <summary>What the text encoder's names begin with in a kohya file.</summary>
    public const string TextPrefix = "lora_te_";

    /// <summary>
    /// Every linear and convolution layer by its kohya name: <c>lora_unet_</c> or <c>lora_te_</c> and the dotted path
    /// with underscores.
    /// </summary>
    public static IEnumerable<(string Name, string Path, Module<Tensor, Tensor> Layer)> Of(
        UNet2DConditionModel unet, CLIPTextModel? textEncoder)
    {
        var parts = new List<(string Prefix, Module Part)>();
        if (textEncoder is not null)
            parts.Add((TextPrefix, textEncoder));
        parts.Add((UNetPrefix, unet));
        return
            from part in parts
            from named in part.Part.named_modules()
            where named.module is TorchSharp.Modules.Linear or TorchSharp.Modules.Conv2d
            select (part.Prefix + named.name.Replace('.', '_'), named.name, (Module<Tensor, Tensor>)named.module);
    }

    /// <summary>The layers of a named set, in the model's order.</summary>
    public static IEnumerable<(string Name, Module<Tensor, Tensor> Layer)> Select(
        UNet2DConditionModel unet, CLIPTextModel? textEncoder, LoraTargets targets) =>
        from module in Of(unet, textEncoder)
        where IsIn(targets, module.Path)
        select (module.Name, module.Layer);

    /// <summary>The weight that an adapter changes: (out, in) or (out, in, k, k).</summary>
    public static Parameter WeightOf(Module<Tensor, Tensor> layer) => layer is TorchSharp.Modules.Linear linear ? linear.weight : ((TorchSharp.Modules.Conv2d)layer).weight;

    // The paths are the contract of diffusers and transformers: "attentions.N" is a Transformer2DModel, "resnets.N" a
    // ResnetBlock2D, "self_attn" a CLIPAttention.
    private static bool IsIn(LoraTargets targets, string path) => targets switch
    {
        LoraTargets.Attention => AttentionPath().IsMatch(path),
        LoraTargets.Kohya => TransformerPath().IsMatch(path),
        _ => TransformerPath().IsMatch(path) || ConvolutionPath().IsMatch(path),
    };

    [GeneratedRegex(@"(\.attn[12]\.(to_[qkv]|to_out\.0)|\.self_attn\.(q|k|v|out)_proj)$")]
    private static partial Regex AttentionPath();

    [GeneratedRegex(@"(\battentions\.\d+\.|\.self_attn\.|\.mlp\.)")]
    private static partial Regex TransformerPath();

    [GeneratedRegex(@"\b(resnets|downsamplers|upsamplers)\.\d+\.")]
    private static partial Regex ConvolutionPath();
}
