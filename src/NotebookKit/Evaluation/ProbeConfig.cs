using NotebookKit.Checkpoints;

namespace NotebookKit.Evaluation;

/// <summary>The shape of a <see cref="Probe"/> and the names of what it tells apart: its <c>config.json</c>.</summary>
public sealed record ProbeConfig
{
    /// <summary>Side in pixels at which it looks at pictures.</summary>
    public int SampleSize { get; init; } = 64;

    /// <summary>Channels of its convolutions; each but the fourth halves the picture.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [24, 48, 96, 96, 128];

    /// <summary>Groups of its group norms.</summary>
    public int NormNumGroups { get; init; } = 8;

    /// <summary>Length of its vectors.</summary>
    public int EmbeddingDim { get; init; } = 96;

    /// <summary>The classes: "rabbit toy", "house" …</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>The colours.</summary>
    public IReadOnlyList<string> Colours { get; init; } = [];

    /// <summary>The backgrounds.</summary>
    public IReadOnlyList<string> Backgrounds { get; init; } = [];

    /// <summary>The styles.</summary>
    public IReadOnlyList<string> Styles { get; init; } = [];

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <exception cref="BadInputException">It is missing or malformed, or names nothing to tell apart.</exception>
    public static ProbeConfig Load(string path)
    {
        var config = ConfigFile.Load<ProbeConfig>(path);
        config.Validate(path);
        return config;
    }

    /// <summary>Writes a <c>config.json</c>.</summary>
    public void Save(string path) => ConfigFile.Save(path, this, "_class_name", nameof(Probe));

    private void Validate(string path)
    {
        foreach (var (field, names) in new[] { ("classes", Classes), ("colours", Colours), ("backgrounds", Backgrounds),
            ("styles", Styles) })
        {
            if (names.Count is 0 or > 10_000)
                throw new BadInputException($"{path}: {field} has {names.Count} names; a probe needs 1 to 10000.");
        }

        if (SampleSize is < 32 or > 1024 || EmbeddingDim is < 1 or > 4096 || Channels.Count != 5)
            throw new BadInputException($"{path}: sample_size must be 32 to 1024, embedding_dim 1 to 4096, and channels must be five "
                + "numbers.");
        if (NormNumGroups < 1 || Channels.Any(width => width is < 1 or > 4096 || width % NormNumGroups != 0))
            throw new BadInputException($"{path}: norm_num_groups {NormNumGroups} does not divide every number of channels.");
    }
}
