using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;

namespace NotebookKit.Models;

/// <summary>The shape of a <see cref="CLIPTextModel"/>: the fields of transformers' <c>config.json</c>, with its defaults.</summary>
public sealed record CLIPTextConfig
{
    /// <summary>Tokens in the vocabulary: 49408 for CLIP's.</summary>
    public int VocabSize { get; init; } = 49408;

    /// <summary>Width of the text states: 768 in SD 1.x.</summary>
    public int HiddenSize { get; init; } = 512;

    /// <summary>Width inside each layer's perceptron.</summary>
    public int IntermediateSize { get; init; } = 2048;

    /// <summary>Layers.</summary>
    public int NumHiddenLayers { get; init; } = 12;

    /// <summary>Attention heads; must divide <see cref="HiddenSize"/>.</summary>
    public int NumAttentionHeads { get; init; } = 8;

    /// <summary>Longest prompt in tokens.</summary>
    public int MaxPositionEmbeddings { get; init; } = 77;

    /// <summary>The perceptron's activation: <c>quick_gelu</c> (OpenAI's CLIP, SD 1.x) or <c>gelu</c> (OpenCLIP, SD 2.x).</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    /// <summary>Epsilon of every layer norm.</summary>
    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary>
    /// The end token, at whose position the prompt's state is pooled. The value 2 is a mistake in the files of OpenAI's
    /// CLIP, which every tool knows: it means the position of the largest token id.
    /// </summary>
    public int EosTokenId { get; init; } = 49407;

    /// <summary>The start token.</summary>
    public int BosTokenId { get; init; } = 49406;

    /// <summary>The token that fills up a prompt.</summary>
    public int PadTokenId { get; init; } = 1;

    /// <summary>How transformers knows the kind of model.</summary>
    public string ModelType { get; init; } = "clip_text_model";

    /// <summary>Every other field of the file, kept for saving.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? OtherFields { get; init; }

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed, or asks for what this model does not have.</exception>
    public static CLIPTextConfig Load(string path)
    {
        var config = ConfigFile.Load<CLIPTextConfig>(path);
        config.Validate();
        return config;
    }

    /// <summary>Reads a configuration from JSON text.</summary>
    /// <param name="json">What a <c>config.json</c> holds.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">It is malformed, or asks for what this model does not have.</exception>
    public static CLIPTextConfig Parse(string json)
    {
        var config = ConfigFile.Parse<CLIPTextConfig>(json, "the text encoder's configuration");
        config.Validate();
        return config;
    }

    /// <summary>Writes a <c>config.json</c> that transformers reads.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => ConfigFile.Save(path, this, "architectures", nameof(CLIPTextModel));

    internal void Validate()
    {
        foreach (var (field, value) in new[]
        {
            ("vocab_size", VocabSize), ("hidden_size", HiddenSize), ("intermediate_size", IntermediateSize),
            ("num_hidden_layers", NumHiddenLayers), ("num_attention_heads", NumAttentionHeads),
            ("max_position_embeddings", MaxPositionEmbeddings),
        })
        {
            if (value is < 1 or > 1_000_000)
                throw new BadInputException($"The text encoder's {field} is {value}; it must be from 1 to 1000000.");
        }

        if (HiddenSize % NumAttentionHeads != 0)
            throw new BadInputException($"The text encoder's num_attention_heads {NumAttentionHeads} does not divide hidden_size "
                + $"{HiddenSize}.");
        if (HiddenAct is not ("quick_gelu" or "gelu"))
            throw new BadInputException($"The text encoder's hidden_act is '{HiddenAct}'; this model knows quick_gelu and gelu.");
    }
}
