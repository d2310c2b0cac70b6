using System.Text.RegularExpressions;
using NotebookKit.Checkpoints.Hub;

namespace NotebookKit.Pipeline;

/// <summary>Finds what a learner names: a folder, a file, or a model on the hub.</summary>
internal static partial class ModelSource
{
    /// <summary>The path of a folder or file with the model, downloaded where it has to be.</summary>
    /// <exception cref="BadInputException">There is no such thing; the sentence says what to give.</exception>
    public static string Resolve(string source, LoadOptions options, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        if (Directory.Exists(source) || File.Exists(source))
            return source;
        if (source.Split('/', '\\') is [var parent, _, ..] && OnHub(source, options) is not null && Directory.Exists(parent)
            && Local(source) is null)
            throw new BadInputException($"{source} does not exist, though the folder {parent} does; check the path, or, if a model on "
                + "the hub is meant, start where no folder is called like its owner.");
        if (OnHub(source, options) is { } model)
        {
            try
            {
                return model.Fetch(options.Variant, options.Progress ?? new HubProgressLines(), cancel);
            }
            catch (BadInputException e)
            {
                throw new BadInputException($"{source} is no folder or file here; as a model on the hub: {e.Message}", e);
            }
        }

        throw new BadInputException($"{source} is no folder or file that exists, and no model's name like runwayml/stable-diffusion-v1-5; "
            + "name a Stable Diffusion model in the diffusers layout, a .safetensors or .ckpt file, or a model on the hub.");
    }

    /// <summary>The same without a network; null where it is not on this machine.</summary>
    public static string? Local(string source) =>
        Directory.Exists(source) || File.Exists(source) ? source : OnHub(source, new LoadOptions())?.Here(null);

    // NAME@REVISION, for where there is but one text to give.
    private static HubModel? OnHub(string source, LoadOptions options)
    {
        var (name, revision) = source.Split('@') is [var before, { Length: > 0 } after] ? (before, after) : (source, options.Revision);
        return HubId().IsMatch(name) ? new HubModel(name, revision, HubSettings.FromEnvironment()) : null;
    }

    /// <summary>What a model from there is called: after its file, its folder, or its name on the hub.</summary>
    public static string NameOf(string path)
    {
        if (path.Length == 0)
            return "";
        if (File.Exists(path))
            return Path.GetFileNameWithoutExtension(path);
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        // models--OWNER--NAME/snapshots/COMMIT
        return Path.GetDirectoryName(full) is { } snapshots && Path.GetFileName(snapshots) == "snapshots"
            && Path.GetFileName(Path.GetDirectoryName(snapshots)) is { } model && model.StartsWith("models--", StringComparison.Ordinal)
            ? model[(model.LastIndexOf("--", StringComparison.Ordinal) + 2)..]
            : Path.GetFileName(full);
    }

    // As the hub's own rules: OWNER/NAME of letters, digits, '-', '_', '.', and no file's ending.
    [GeneratedRegex(@"^(?!.*(\.\.|--))[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}(?<!\.safetensors|\.ckpt|\.pt|\.git)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex HubId();
}
