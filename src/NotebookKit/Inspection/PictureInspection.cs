using NotebookKit.Images;

namespace NotebookKit.Inspection;

/// <summary>A report on a PNG: how it was drawn, where it says so.</summary>
internal static class PictureInspection
{
    public static FileReport Of(string path)
    {
        var texts = PngText.Read(path);
        var picture = RgbImage.Load(path);
        var parameters = texts.TryGetValue(GenerationParameters.Keyword, out var text) ? GenerationParameters.Parse(text) : null;
        var facts = new Dictionary<string, string> { ["pixels"] = $"{picture.Width}x{picture.Height}" };
        if (parameters is not null)
        {
            facts["prompt"] = parameters.Prompt;
            if (parameters.NegativePrompt.Length > 0)
                facts["negative prompt"] = parameters.NegativePrompt;
            foreach (var (name, value) in parameters.Settings)
                facts[name] = value;
        }

        return new FileReport
        {
            Path = path,
            Kind = parameters is null ? "a PNG picture" : "a PNG picture with its settings",
            Bytes = new FileInfo(path).Length,
            Hashes = FileHashes.Of(path),
            Metadata = texts,
            Facts = facts,
            Findings = parameters is null
                ? [new Finding("It does not say how it was drawn.",
                    "Take it as an initial picture or a photo to train on; its prompt and seed are lost.")]
                : [],
        };
    }
}
