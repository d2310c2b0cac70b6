using NotebookKit.Checkpoints;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>CLIP's text encoder (SD 1.x) inside a single file, or in a file of its own, under transformers' names.</summary>
internal static class LdmTextEncoder
{
    private const string Positions = "embeddings.position_ids";

    /// <summary>What stands before its names: old tools saved it without <c>text_model.</c>; null where the file has none.</summary>
    public static string? PrefixIn(WeightFile file) =>
        new[] { LdmPrefixes.Clip + LdmPrefixes.TextModel, LdmPrefixes.Clip, LdmPrefixes.TextModel, "" }
            .FirstOrDefault(prefix => file.Weights.ContainsKey($"{prefix}embeddings.token_embedding.weight"));

    /// <summary>Its tensors.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">What <see cref="PrefixIn"/> found.</param>
    /// <param name="matched">Takes the names in the file that were used.</param>
    public static WeightPart Part(WeightFile file, string prefix, ISet<string> matched)
    {
        var part = new WeightPart(file);
        foreach (var entry in file.Weights.Values.Where(entry => entry.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var name = entry.Name[prefix.Length..];
            if (name.Split('.')[0] is not ("embeddings" or "encoder" or "final_layer_norm"))
                continue;
            matched.Add(entry.Name);
            // The positions 0, 1, 2, … saved in half precision or averaged by a merge are wrong; what they must be is known.
            if (name == Positions)
                part.AddPositions(LdmPrefixes.TextModel + name, entry.ElementCount);
            else
                part.Add(LdmPrefixes.TextModel + name, entry);
        }

        return part;
    }
}
