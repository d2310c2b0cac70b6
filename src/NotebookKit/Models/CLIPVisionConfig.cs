using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;

namespace NotebookKit.Models;

/// <summary>The shape of a <see cref="CLIPVisionModel"/>: the fields of transformers' <c>config.json</c>, with its defaults.</summary>
public sealed record CLIPVisionConfig
{
    /// <summary>Width of the states: 768 for ViT-B, 1024 for ViT-L.</summary>
    public int HiddenSize { get; init; } = 768;

    /// <summary>Width inside each layer's perceptron.</summary>
    public int IntermediateSize { get; init; } = 3072;

    /// <summary>Layers.</summary>
    public int NumHiddenLayers { get; init; } = 12;

    /// <summary>Attention heads; must divide <see cref="HiddenSize"/>.</summary>
    public int NumAttentionHeads { get; init; } = 12;

    /// <summary>Side of the pictures in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; init; } = 32;

    /// <summary>The perceptron's activation: <c>quick_gelu</c> or <c>gelu</c>.</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    /// <summary>Epsilon of every layer norm.</summary>
    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary>Length of the projected vector, where the file has a projection.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <summary>Every other field of the file.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? OtherFields { get; init; }

    /// <summary>Reads a <c>config.json</c>: a vision model's own, or a whole CLIP's, whose <c>vision_config</c> is taken.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="BadInputException">The file is missing or malformed, or asks for what this model does not have.</exception>
    public static CLIPVisionConfig Load(string path)
    {
        var config = ConfigFile.Load<CLIPVisionConfig>(path);
        if (config.OtherFields?.TryGetValue("vision_config", out var inner) == true)
        {
            config = ConfigFile.Parse<CLIPVisionConfig>(inner.GetRawText(), $"{path}, vision_config,") with
            { ProjectionDim = config.ProjectionDim };
        }

        config.Validate(path);
        return config;
    }

    /// <summary>The same widths as the layers, which text and vision share, know them.</summary>
    internal CLIPTextConfig Layers => new()
    {
        HiddenSize = HiddenSize,
        IntermediateSize = IntermediateSize,
        NumHiddenLayers = NumHiddenLayers,
        NumAttentionHeads = NumAttentionHeads,
        HiddenAct = HiddenAct,
        LayerNormEps = LayerNormEps,
    };

    private void Validate(string path)
    {
        foreach (var (field, value) in new[] { ("hidden_size", HiddenSize), ("intermediate_size", IntermediateSize),
            ("num_hidden_layers", NumHiddenLayers), ("num_attention_heads", NumAttentionHeads), ("image_size", ImageSize),
            ("patch_size", PatchSize), ("projection_dim", ProjectionDim) })
        {
            if (value is < 1 or > 1_000_000)
                throw new BadInputException($"{path}: {field} is {value}; it must be from 1 to 1000000.");
        }

        if (HiddenSize % NumAttentionHeads != 0 || PatchSize > ImageSize)
            throw new BadInputException($"{path}: num_attention_heads must divide hidden_size, and patch_size must not exceed image_size.");
        if (HiddenAct is not ("quick_gelu" or "gelu"))
            throw new BadInputException($"{path}: hidden_act is '{HiddenAct}'; this model knows quick_gelu and gelu.");
    }
}
