using NotebookKit.Checkpoints;
using NotebookKit.Models;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>
/// OpenCLIP's text encoder (SD 2.x) under transformers' names: queries, keys and values, one matrix there, are three
/// here; the last layer and the projection, which Stable Diffusion does not use, are left out.
/// </summary>
internal static class OpenClipNames
{
    /// <summary>The parts of a layer that only have other names.</summary>
    public static IReadOnlyList<(string Theirs, string Ours)> Layer { get; } =
    [
        ("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2"),
        ("attn.out_proj", "self_attn.out_proj"),
    ];

    /// <summary>Enters every tensor of the text encoder.</summary>
    public static void Enter(WeightPart part, WeightFile file, CLIPTextConfig config)
    {
        Rename("token_embedding.weight", "embeddings.token_embedding.weight");
        Rename("positional_embedding", "embeddings.position_embedding.weight");
        foreach (var end in (string[])["weight", "bias"])
        {
            Rename($"ln_final.{end}", $"final_layer_norm.{end}");
            for (var i = 0; i < config.NumHiddenLayers; i++)
            {
                foreach (var (theirs, ours) in Layer)
                    Rename($"transformer.resblocks.{i}.{theirs}.{end}", $"encoder.layers.{i}.{ours}.{end}");
                Split($"transformer.resblocks.{i}.attn.in_proj_{end}", $"encoder.layers.{i}.self_attn.", end);
            }
        }

        void Rename(string theirs, string ours) => part.Add(LdmPrefixes.TextModel + ours, Find(theirs));

        void Split(string theirs, string ours, string end)
        {
            var entry = Find(theirs);
            if (entry.Shape[0] != 3L * config.HiddenSize)
                throw new BadInputException($"{file.Path} holds '{entry.Name}' with {entry.Shape[0]} rows instead of "
                    + $"{3 * config.HiddenSize}; the file is damaged.");
            IReadOnlyList<long> shape = [config.HiddenSize, .. entry.Shape.Skip(1)];
            var count = entry.ElementCount / 3;
            foreach (var (which, i) in ((string, int)[])[("q_proj", 0), ("k_proj", 1), ("v_proj", 2)])
                part.Add($"{LdmPrefixes.TextModel}{ours}{which}.{end}", entry, shape, i * count);
        }

        WeightEntry Find(string name) => file.Weights.GetValueOrDefault(LdmPrefixes.OpenClip + name)
            ?? throw new BadInputException($"{file.Path} lacks '{LdmPrefixes.OpenClip}{name}'; download the file again.");
    }
}
