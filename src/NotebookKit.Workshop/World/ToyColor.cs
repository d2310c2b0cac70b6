namespace NotebookKit.Workshop.World;

/// <summary>The colour of the thing in the picture; independent of its class.</summary>
public enum ToyColor
{
    /// <summary>Red.</summary>
    Red,

    /// <summary>Yellow.</summary>
    Yellow,

    /// <summary>Green.</summary>
    Green,

    /// <summary>Blue.</summary>
    Blue,

    /// <summary>Purple.</summary>
    Purple,

    /// <summary>Pink.</summary>
    Pink,

    /// <summary>White.</summary>
    White,

    /// <summary>Brown.</summary>
    Brown,
}
