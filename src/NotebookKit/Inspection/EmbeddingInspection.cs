using NotebookKit.Checkpoints;

namespace NotebookKit.Inspection;

/// <summary>A report on textual inversion: how many vectors a new word has, and for which text encoder.</summary>
internal static class EmbeddingInspection
{
    public static FileReport Of(WeightFile file, IProgress<double>? progress)
    {
        var start = FileInspector.Start(file, "a textual inversion embedding", progress, out _);
        var vectors = file.Weights.Values.Where(entry => entry.Shape.Count is 1 or 2).ToList();
        var width = vectors.Count == 0 ? 0 : vectors[0].Shape[^1];
        return start with
        {
            Base = file.Weights.ContainsKey("clip_l") ? "SDXL"
                : width switch { 768 => "SD 1.x", 1024 => "SD 2.x", _ => $"a text encoder {width} wide" },
            KeysMatched = vectors.Count,
            KeysUnmatched = [.. file.Weights.Keys.Except(vectors.Select(entry => entry.Name))],
            Facts = new Dictionary<string, string>
            {
                ["vectors"] = string.Join(", ",
                    vectors.Select(entry => $"{entry.Name}: {(entry.Shape.Count == 1 ? 1 : entry.Shape[0])} of {entry.Shape[^1]}")),
                ["word"] = file.Metadata.TryGetValue("name", out var name) ? name : Path.GetFileNameWithoutExtension(file.Path),
            },
            Findings =
            [
                .. start.Findings,
                new Finding("A prompt uses it by its file's name.",
                    $"Put it where your tool keeps embeddings and write {Path.GetFileNameWithoutExtension(file.Path)} in the prompt."),
            ],
        };
    }
}
