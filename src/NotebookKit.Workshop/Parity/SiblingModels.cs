using System.Text.RegularExpressions;
using NotebookKit.Models;

namespace NotebookKit.Workshop.Parity;

/// <summary>The small models that other areas' references were made on: they lie in the folders beside them, or among the tests.</summary>
internal static partial class SiblingModels
{
    /// <summary>The UNet that a manifest names ("unet": "NAME", or unet/NAME.weights in its description).</summary>
    public static UNet2DConditionModel UNet(ReferenceFolder folder) =>
        Load(folder, "unet", (string?)folder.Manifest["unet"], json => new UNet2DConditionModel(UNet2DConditionConfig.Parse(json)));

    /// <summary>The text encoder that a manifest's description names (clip/NAME.weights).</summary>
    public static CLIPTextModel TextEncoder(ReferenceFolder folder) =>
        Load(folder, "clip", null, json => new CLIPTextModel(CLIPTextConfig.Parse(json)));

    private static T Load<T>(ReferenceFolder folder, string area, string? name, Func<string, T> make)
        where T : TorchSharp.torch.nn.Module
    {
        name ??= WeightsOf().Matches((string?)folder.Manifest["about"] ?? "")
            .FirstOrDefault(match => match.Groups[1].Value == area)?.Groups[2].Value
            ?? throw new BadInputException(
                $"{folder.FolderPath}/manifest.json does not say which {area} model its references were made on.");
        var beside = Path.Combine(folder.FolderPath, "..", area);
        foreach (var model in Places(beside, area).Where(Directory.Exists).SelectMany(ReferenceFolder.Find)
            .Select(found => found.On(folder.Device)))
        {
            if (model.Cases.FirstOrDefault(reference => (string?)reference["name"] == name) is { } found)
                return ModelCases.Load(model, found, make);
        }

        throw new BadInputException($"{beside} has no model {name}, on which the references of {folder.FolderPath} were made; put that "
            + "folder beside it.");
    }

    // Beside the references; else the copies that the kit's own tests have.
    private static IEnumerable<string> Places(string beside, string area)
    {
        yield return beside;
        for (var above = Directory.GetParent(AppContext.BaseDirectory); above is not null; above = above.Parent)
            yield return Path.Combine(above.FullName, "tests", "golden", area);
    }

    [GeneratedRegex(@"\b(unet|clip)/(\w+)\.weights")]
    private static partial Regex WeightsOf();
}
