using NotebookKit.Images;
using NotebookKit.Pipeline;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>The same sixteen prompts with the same seeds at every checkpoint: what the model can draw by now.</summary>
internal static class SampleGrid
{
    /// <summary>The prompts: every class, colour and ground, all styles, an unknown identifier.</summary>
    public static IReadOnlyList<string> Prompts { get; } =
    [
        "a photo of a red rabbit toy on the grass",
        "a photo of a blue bear toy on the beach",
        "a photo of a yellow duck toy in the snow",
        "a photo of a purple robot toy in the street",
        "a photo of a green car toy in the street",
        "a photo of a brown dog on the grass",
        "a photo of a white cat in a bedroom",
        "a photo of a pink cat toy in the snow",
        "a photo of a yellow dog toy in a bedroom",
        "a photo of a red house on the grass",
        "a photo of a pink flower on the beach",
        "a photo of a green tree in the snow",
        "oil painting of a blue rabbit toy on the beach in style of van gogh",
        "oil painting of a red car toy in the street in style of van gogh",
        "pencil sketch of a bear toy on the grass",
        "a photo of a zwx rabbit toy",
    ];

    /// <summary>Draws the first prompts with an exported model.</summary>
    public static void Save(string modelFolder, int count, string path, TorchSharp.torch.Device device)
    {
        using var model = StableDiffusion.Load(modelFolder, device);
        var prompts = Prompts.Take(count).ToList();
        var pictures = prompts.Select((prompt, i) =>
            model.Sample(new SampleOptions { Prompt = prompt, Steps = 15, GuidanceScale = 4, Seed = (ulong)(100 + i) })[0]).ToList();
        ImageGrid.Render(pictures, 4, cell: Math.Max(128, pictures[0].Width), captions: prompts).SavePng(path);
    }
}
