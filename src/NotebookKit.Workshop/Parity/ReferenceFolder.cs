using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Parity;

/// <summary>One area of reference data: a folder with a <c>manifest.json</c>, and the files it speaks of.</summary>
internal sealed class ReferenceFolder
{
    private ReferenceFolder(string path, JsonObject manifest, Device device)
    {
        (FolderPath, Device) = (path, device);
        Manifest = manifest;
        Area = (string?)manifest["area"] ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
    }

    /// <summary>The folder.</summary>
    public string FolderPath { get; }

    /// <summary>Where its tensors and networks go.</summary>
    public Device Device { get; }

    /// <summary>What the manifest says.</summary>
    public JsonObject Manifest { get; }

    /// <summary>The kind of data, such as <c>unet</c>.</summary>
    public string Area { get; }

    /// <summary>The manifest's cases.</summary>
    public IEnumerable<JsonObject> Cases => (Manifest["cases"] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>The folder itself, if it is one area, or every area right below it.</summary>
    /// <exception cref="BadInputException">There is no reference data.</exception>
    public static IReadOnlyList<ReferenceFolder> Find(string path)
    {
        if (!Directory.Exists(path))
            throw new BadInputException($"{path} is not a folder; name one with reference data (a manifest.json in it or in its "
                + "subfolders).");
        string[] candidates = File.Exists(Path.Combine(path, "manifest.json")) ? [path]
            : [.. Directory.GetDirectories(path).Order(StringComparer.Ordinal)];
        var found = candidates.Where(folder => File.Exists(Path.Combine(folder, "manifest.json"))).Select(Open).ToList();
        return found.Count > 0 ? found
            : throw new BadInputException(
                $"{path} has no manifest.json, nor has any of its subfolders; name a folder with reference data.");
    }

    /// <summary>The same data, for networks on a device.</summary>
    /// <param name="device">The device.</param>
    public ReferenceFolder On(Device device) => new(FolderPath, Manifest, device);

    /// <summary>The path of a file of this area.</summary>
    public string PathOf(string file) => Path.Combine(FolderPath, file);

    /// <summary>Whether the area has a file.</summary>
    public bool Has(string file) => File.Exists(PathOf(file));

    /// <summary>Loads a file's tensors.</summary>
    public Dictionary<string, Tensor> Load(string file) => Safetensors.Load(PathOf(file), Device);

    /// <summary>Reads a file's JSON.</summary>
    public JsonNode LoadJson(string file) => ReadJson(PathOf(file));

    private static ReferenceFolder Open(string folder) =>
        new(folder, ReadJson(Path.Combine(folder, "manifest.json")) as JsonObject
            ?? throw new BadInputException($"{folder}/manifest.json is not a JSON object."), CPU);

    private static JsonNode ReadJson(string path)
    {
        try
        {
            return PythonJson.Parse(File.ReadAllText(path)) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new BadInputException($"{path} can't be read as JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
