using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using Tomlyn.Model;

namespace NotebookKit.Interop;

/// <summary>Kohya's configuration of a dataset as concepts: keys of a subset count before those of its dataset, and these before the
/// general ones.</summary>
internal static class KohyaDatasetImport
{
    /// <summary>The run with its pictures.</summary>
    /// <param name="path">The file, for sentences.</param>
    /// <param name="file">What it says.</param>
    /// <param name="run">The run without.</param>
    /// <param name="missing">Told what the kit has no counterpart for.</param>
    /// <exception cref="BadInputException">It has no subset of the subject's pictures.</exception>
    public static TrainOptions Of(string path, TomlTable file, TrainOptions run, List<string> missing)
    {
        var general = file.In("general") as TomlTable ?? [];
        if (file.In("datasets") is not TomlTableArray { Count: > 0 } datasets)
            throw new BadInputException($"{path} names no [[datasets]]; give kohya's configuration of a dataset.");
        if (datasets.Count > 1)
            missing.Add($"{datasets.Count} datasets: the kit trains at one resolution; those after the first are left out.");
        var data = datasets[0];
        var subsets = (data.In("subsets") as TomlTableArray ?? []).Select(subset => Merged(general, data, subset)).ToList();
        var subjects = subsets.Where(subset => subset.GetValueOrDefault("is_reg") is not true).ToList();
        var classes = subsets.Where(subset => subset.GetValueOrDefault("is_reg") is true).ToList();
        if (subjects.Count == 0)
            throw new BadInputException($"{path} has no subset of the subject's pictures; add [[datasets.subsets]] with image_dir.");
        foreach (var (name, value) in subjects[0])
        {
            if (KohyaNames.Subset.FirstOrDefault(pair => pair.Kohya == name).Setting is { } setting && setting is not ("repeats"
                or "caption_extension"))
                run = ConfigValue.Set(path, name, run, setting, value);
            else if (name is not ("image_dir" or "num_repeats" or "caption_extension" or "class_tokens"
                or "caption_prefix" or "caption_suffix"
                or "is_reg" or "resolution" or "batch_size" or "enable_bucket") && !KohyaImport.Idle.Contains(name))
                missing.Add($"{name} {ConfigValue.Shown(value)}: the kit has nothing of the kind.");
        }

        var concepts = subjects.Select((subset, i) => ConceptOf(subset, classes.ElementAtOrDefault(Math.Min(i, classes.Count - 1))))
            .ToList();
        return run with
        {
            Concepts = concepts,
            Images = run.Images with
            {
                Size = data.In("resolution") is { } size ? SizeOf(size, missing) : null,
                Buckets = data.In("enable_bucket") is true,
            },
            Intervals = run.Intervals with { BatchSize = BatchOf(data.In("batch_size"), classes.Count > 0) },
        };
    }

    private static Concept ConceptOf(Dictionary<string, object> subset, Dictionary<string, object>? ofClass)
    {
        string? Text(string name) => subset.GetValueOrDefault(name) as string;
        var folder = Text("image_dir") ?? "";
        var extension = Text("caption_extension") ?? ".caption";
        var captions = Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*" + extension).Any();
        var prompt = captions || Text("class_tokens") is null
            ? string.Join(' ', new[] { Text("caption_prefix"), TrainOptions.FileWords, Text("caption_suffix") }.OfType<string>())
            : Text("class_tokens")!;
        return new Concept
        {
            InstanceDir = folder,
            InstancePrompt = prompt,
            CaptionExtension = captions ? extension : null,
            Repeats = subset.TryGetValue("num_repeats", out var repeats)
                ? Convert.ToInt32(repeats, System.Globalization.CultureInfo.InvariantCulture) : null,
            ClassDir = ofClass?.GetValueOrDefault("image_dir") as string,
            ClassPrompt = ofClass?.GetValueOrDefault("class_tokens") as string,
        };
    }

    private static Dictionary<string, object> Merged(params TomlTable[] tables) =>
        tables.Reverse().SelectMany(table => table).Where(pair => pair.Value is not null and not (TomlTable or TomlTableArray))
            .DistinctBy(pair => pair.Key).ToDictionary(pair => pair.Key, pair => pair.Value!);

    /// <summary>Pictures of the subject in a batch: a batch there counts class pictures too.</summary>
    public static int? BatchOf(object? batch, bool withClass) => batch is null ? null
        : Math.Max(1, Convert.ToInt32(batch, System.Globalization.CultureInfo.InvariantCulture) / (withClass ? 2 : 1));

    /// <summary>The side of the pictures.</summary>
    public static int? SizeOf(object resolution, List<string> missing)
    {
        var sides = resolution switch
        {
            TomlArray list => list.Select(side => $"{side}").ToList(),
            _ => [.. $"{resolution}".Split(',', StringSplitOptions.TrimEntries)],
        };
        if (sides.Distinct().Count() > 1)
            missing.Add($"resolution {string.Join("×", sides)}: the kit's pictures are squares, or buckets of a square's area; the first "
                + "side is taken.");
        return int.TryParse(sides[0], out var size) ? size : null;
    }

    private static object? In(this TomlTable table, string name) => table.TryGetValue(name, out var value) ? value : null;
}
