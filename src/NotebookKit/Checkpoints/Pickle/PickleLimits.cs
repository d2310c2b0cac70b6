namespace NotebookKit.Checkpoints.Pickle;

/// <summary>What no honest checkpoint reaches. A full SD 1.5 with its EMA copy takes about 60,000 operations and 300 kB.</summary>
internal static class PickleLimits
{
    /// <summary>Operations of all pickles of a file, and the largest memo index.</summary>
    public const int Operations = 1_000_000;

    /// <summary>Bytes of a pickle.</summary>
    public const int Bytes = 16 << 20;

    /// <summary>Bytes of a whole number.</summary>
    public const int NumberBytes = 64;

    /// <summary>How many times smaller than itself a packed pickle may be.</summary>
    public const int Packing = 100;

    /// <summary>Dimensions of a tensor.</summary>
    public const int Rank = 64;

    /// <summary>Elements that a tensor may have without having them in its storage (an expanded view).</summary>
    public const long Expanded = 1 << 20;
}
