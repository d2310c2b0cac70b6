using NotebookKit.Lora.Files;
using NotebookKit.Checkpoints;

namespace NotebookKit.Lora.Use;

/// <summary>
/// The LoRA files below a folder by the names that a prompt may call them: the file's name without its ending, and the
/// <c>ss_output_name</c> of its notes, as in the web UI.
/// </summary>
public sealed class LoraLibrary
{
    /// <summary>Where LoRAs lie when nothing else is said.</summary>
    public const string Folder = "loras";

    private static readonly string[] Endings = [".safetensors", ".pt", ".ckpt"];

    // The web UI forbids these: the first is its word for "no network", the second a name that too many files carry.
    private static readonly string[] NoAliases = ["none", "Addams"];

    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _sameName = new(StringComparer.Ordinal);

    /// <summary>Looks through a folder and all below it; one that is not there holds nothing.</summary>
    /// <param name="folder">The folder.</param>
    public LoraLibrary(string folder = Folder)
    {
        Root = folder;
        var files = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)
                    && !file.EndsWith(CheckpointFile.StateEnding, StringComparison.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal).ToList()
            : [];
        foreach (var same in files.GroupBy(file => Path.GetFileNameWithoutExtension(file)))
        {
            _files.Add(same.Key, same.First());
            if (same.Count() > 1)
                _sameName[same.Key] = [.. same.Select(PathBelow)];
        }

        Names = [.. _files.Keys.Order(StringComparer.Ordinal)];
        foreach (var alias in files.Select(file => (Name: AliasOf(file), File: file)).Where(alias => alias.Name is not null)
            .GroupBy(alias => alias.Name!))
        {
            if (alias.Count() == 1)
                _files.TryAdd(alias.Key, alias.First().File);
        }

        foreach (var file in files)
            _files.TryAdd(PathBelow(file), file); // sub/name
    }

    /// <summary>What to say where a name is that of several files; null for another.</summary>
    /// <param name="name">What a prompt or a command calls it.</param>
    public string? Ambiguity(string name) => _sameName.TryGetValue(name, out var paths)
        ? $"There are {paths.Count} LoRAs '{name}' below {Root}/, and {paths[0]} is used; say which one: {string.Join(", ", paths)}."
        : null;

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>The files' names without their endings.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The file of a name (with or without its ending) or alias, or the path itself where that is a file; null for none.</summary>
    /// <param name="name">What a prompt or a command calls it.</param>
    public string? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _files.GetValueOrDefault(name) is { } file ? file
            : _files.Values.FirstOrDefault(known => Path.GetFileName(known) == name) is { } whole ? whole
            : File.Exists(name) ? name
            : Directory.Exists(name) && AdapterFolder.Is(name) ? AdapterFolder.FileFor(name)
            : File.Exists(name + ".safetensors") ? name + ".safetensors"
            : null;
    }

    /// <summary>What to say about a name that there is no file for.</summary>
    /// <param name="name">The name, or the path.</param>
    public string Missing(string name) =>
        Directory.Exists(name) ? $"{name} is a folder without an adapter's weights; give a LoRA file, or the folder that PEFT saved."
        : IsPath(name) ? $"There is no file {name}; check the path."
        : Names.Count == 0 ? $"There is no LoRA '{name}', and {Root}/ holds none; put the .safetensors file there."
        : $"There is no LoRA '{name}' in {Root}/; {NearestName.Hint(name, Names)}";

    private static bool IsPath(string name) => Path.IsPathRooted(name) || name.StartsWith('.')
        || Endings.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    // The path from the folder on, with slashes and without the ending.
    private string PathBelow(string file) =>
        Path.ChangeExtension(Path.GetRelativePath(Root, file), null).Replace(Path.DirectorySeparatorChar, '/');

    private static string? AliasOf(string file)
    {
        if (!Path.GetExtension(file).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
            return null;
        try
        {
            var alias = SafetensorsHeader.Read(file).Metadata.GetValueOrDefault("ss_output_name");
            return string.IsNullOrWhiteSpace(alias) || NoAliases.Contains(alias, StringComparer.OrdinalIgnoreCase) ? null : alias;
        }
        catch (BadInputException)
        {
            return null; // a broken file is complained about when it is asked for
        }
    }
}
