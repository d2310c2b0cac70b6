using System.Text.RegularExpressions;
using NotebookKit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora;

/// <summary>A layer that can carry an adapter.</summary>
/// <param name="Name">As kohya's files name it: <c>lora_unet_</c> or <c>lora_te_</c> and the dotted path with underscores.</param>
/// <param name="Path"><c>unet.</c> or <c>text_encoder.</c> and the layer's dotted name.</param>
/// <param name="Layer">The Linear or Conv2d; a GroupNorm or LayerNorm where a file adapts those.</param>
internal sealed record LoraModule(string Name, string Path, Module<Tensor, Tensor> Layer)
{
    /// <summary>The weight that an adapter changes: (out, in), (out, in, k, k), or (channels) of a norm.</summary>
    public Parameter Weight => WeightOf(Layer);

    /// <summary>The weight of a layer that can carry an adapter.</summary>
    public static Parameter WeightOf(Module<Tensor, Tensor> layer) => layer switch
    {
        TorchSharp.Modules.Linear linear => linear.weight,
        GroupNorm norm => norm.weight!,
        LayerNorm norm => norm.weight!,
        _ => ((TorchSharp.Modules.Conv2d)layer).weight,
    };

    /// <summary>The bias beside it, where there is one: (out).</summary>
    public Parameter? Bias => Layer switch
    {
        TorchSharp.Modules.Linear linear => linear.bias,
        GroupNorm norm => norm.bias,
        LayerNorm norm => norm.bias,
        _ => ((TorchSharp.Modules.Conv2d)Layer).bias,
    };

    /// <summary>Whether the layer is a convolution with a kernel of more than one pixel.</summary>
    public bool HasKernel => Layer is TorchSharp.Modules.Conv2d && Weight.shape[2] * Weight.shape[3] > 1;

    /// <summary>A change of the bias in the shape in which it is added to the layer's output.</summary>
    /// <param name="bias">(out).</param>
    /// <param name="output">(…, out), or (B, out, …) of convolutions and group norms.</param>
    public Tensor AcrossOutputs(Tensor bias, Tensor output) =>
        Layer is TorchSharp.Modules.Linear or TorchSharp.Modules.LayerNorm ? bias
            : bias.reshape([1, -1, .. Enumerable.Repeat(1L, (int)output.dim() - 2)]);
}

/// <summary>The layers of a base that can carry an adapter, by the names that files use.</summary>
internal static partial class LoraModules
{
    /// <summary>Whether a layer's kohya name is one that some Stable Diffusion has, in diffusers' or CompVis' words.</summary>
    public static bool IsStableDiffusion(string name) => Known().IsMatch(name);

    [GeneratedRegex("^lora_(unet_(down_blocks|up_blocks|mid_block|input_blocks|output_blocks|middle_block|conv_|time_embed|out_"
        + "|add_embedding|label_emb)|te[12]?_text_model_)")]
    private static partial Regex Known();

    /// <summary>What the UNet's names begin with in a kohya file.</summary>
    public const string UNetPrefix = "lora_unet_";

    /// <summary>What the text encoder's names begin with in a kohya file.</summary>
    public const string TextPrefix = "lora_te_";

    /// <summary>Every linear and convolution layer, the text encoder's first.</summary>
    public static IEnumerable<LoraModule> Of(UNet2DConditionModel unet, CLIPTextModel? textEncoder) =>
        All(unet, textEncoder).Where(module => module.Layer is TorchSharp.Modules.Linear or TorchSharp.Modules.Conv2d);

    // The norms too, which some files adapt.
    private static IEnumerable<LoraModule> All(UNet2DConditionModel unet, CLIPTextModel? textEncoder)
    {
        var parts = new List<(string Prefix, string Path, Module Part)>();
        if (textEncoder is not null)
            parts.Add((TextPrefix, "text_encoder.", textEncoder));
        parts.Add((UNetPrefix, "unet.", unet));
        return
            from part in parts
            from named in part.Part.named_modules()
            where named.module is TorchSharp.Modules.Linear or TorchSharp.Modules.Conv2d or TorchSharp.Modules.GroupNorm
                or TorchSharp.Modules.LayerNorm
            select new LoraModule(part.Prefix + named.name.Replace('.', '_'), part.Path + named.name, (Module<Tensor, Tensor>)named.module);
    }

    /// <summary>Every layer by each of its names: kohya's after diffusers, and kohya's after CompVis for the UNet's.</summary>
    public static Dictionary<string, LoraModule> ByName(UNet2DConditionModel unet, CLIPTextModel? textEncoder)
    {
        var byName = new Dictionary<string, LoraModule>(StringComparer.Ordinal);
        var compVis = new CompVisNames(unet.Config);
        foreach (var module in All(unet, textEncoder))
        {
            byName[module.Name] = module;
            if (module.Path.StartsWith("unet.", StringComparison.Ordinal))
                byName[UNetPrefix + compVis.Of(module.Path["unet.".Length..]).Replace('.', '_')] = module;
        }

        return byName;
    }
}
