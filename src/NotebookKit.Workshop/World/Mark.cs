namespace NotebookKit.Workshop.World;

/// <summary>What tells one plush toy from another, besides its colours and what it wears.</summary>
public enum Mark
{
    /// <summary>A rabbit's ear that tips over to the side.</summary>
    FoldedEar,

    /// <summary>A rabbit's patch of another colour round one eye.</summary>
    EyePatch,

    /// <summary>Stripes on the belly.</summary>
    StripedBelly,
}
