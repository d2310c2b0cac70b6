using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotebookKit.Checkpoints;

/// <summary>
/// Weights in several files, with an index (<c>….safetensors.index.json</c>) that says which file holds which tensor, as
/// transformers and diffusers write large models.
/// </summary>
internal sealed class ShardedWeights : WeightFile
{
    private const int MaximumIndex = 64 << 20;
    private readonly Dictionary<string, WeightFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WeightFile> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WeightEntry> _weights = new(StringComparer.Ordinal);

    private ShardedWeights(string path) => Path = path;

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, WeightEntry> Weights => _weights;

    /// <summary>Opens every file that an index names.</summary>
    /// <exception cref="BadInputException">The index is malformed, a file is missing or malformed, or lacks what the index
    /// promises.</exception>
    public static new ShardedWeights Open(string path)
    {
        var sharded = new ShardedWeights(path);
        try
        {
            foreach (var (name, shard) in ReadIndex(path))
                sharded.Enter(name, shard);
            return sharded;
        }
        catch
        {
            sharded.Dispose();
            throw;
        }
    }

    /// <summary>The files that an index names, without opening them.</summary>
    /// <exception cref="BadInputException">The index is malformed.</exception>
    public static IReadOnlyList<string> Shards(string path) =>
        [.. ReadIndex(path).Select(pair => pair.Shard).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc/>
    protected internal override void CopyElements(WeightEntry entry, long first, Span<byte> into) =>
        _owners[entry.Name].CopyElements(entry, first, into);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var file in _files.Values)
            file.Dispose();
    }

    private static List<(string Name, string Shard)> ReadIndex(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaximumIndex)
                throw new JsonException("it is too long");
            if (PythonJson.Parse(File.ReadAllText(path)) is not JsonObject { } root || root["weight_map"] is not JsonObject map)
                throw new JsonException("it has no weight_map");
            return [.. map.Select(pair => (pair.Key, Shard(pair.Value)))];
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new BadInputException($"{path} can't be read as the index of a model in several files: "
                + $"{e.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Download it again.", e);
        }
    }

    // A shard is a file beside the index: a name with a folder in it would reach elsewhere.
    private static string Shard(JsonNode? value) =>
        value is JsonValue text && text.TryGetValue<string>(out var name) && name.Length > 0 && name.IndexOfAny(['/', '\\', '\0']) < 0
            && name is not ("." or "..")
            ? name
            : throw new JsonException("its weight_map names what is no file beside it");

    private void Enter(string name, string shard)
    {
        if (!_files.TryGetValue(shard, out var file))
            _files.Add(shard, file = WeightFile.Open(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, shard)));
        if (!file.Weights.TryGetValue(name, out var entry))
            throw new BadInputException($"{file.Path} lacks '{name}', which {System.IO.Path.GetFileName(Path)} says it holds; download "
                + "both again.");
        _owners[name] = file;
        _weights[name] = entry;
    }
}
