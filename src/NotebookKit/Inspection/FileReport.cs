namespace NotebookKit.Inspection;

/// <summary>What a file is, and what to do about it.</summary>
public sealed record FileReport
{
    /// <summary>The file or folder.</summary>
    public required string Path { get; init; }

    /// <summary>What it is, in words.</summary>
    public required string Kind { get; init; }

    /// <summary>The model family that it belongs to, such as <c>SD 1.x</c>; null where that does not show.</summary>
    public string? Base { get; init; }

    /// <summary>Its bytes; of a folder, all weights together.</summary>
    public long Bytes { get; init; }

    /// <summary>Element types and how many numbers are stored in each.</summary>
    public IReadOnlyDictionary<string, long> DTypes { get; init; } = new Dictionary<string, long>();

    /// <summary>Tensors.</summary>
    public int Tensors { get; init; }

    /// <summary>Tensors whose names the kit knows a place for.</summary>
    public int KeysMatched { get; init; }

    /// <summary>Names that it knows no place for.</summary>
    public IReadOnlyList<string> KeysUnmatched { get; init; } = [];

    /// <summary>Names that should be there and are not.</summary>
    public IReadOnlyList<string> KeysMissing { get; init; } = [];

    /// <summary>Numbers that are not a number.</summary>
    public long NaN { get; init; }

    /// <summary>Numbers that are infinite.</summary>
    public long Infinite { get; init; }

    /// <summary>The hashes by which tools and sites name files; null for a folder.</summary>
    public FileHashes? Hashes { get; init; }

    /// <summary>The file's own notes.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Facts of this kind of file alone, such as a LoRA's ranks.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>What was found, each with what to do about it.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];
}

/// <summary>Something about a file that its user should know.</summary>
/// <param name="What">One sentence.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record Finding(string What, string Remedy);
