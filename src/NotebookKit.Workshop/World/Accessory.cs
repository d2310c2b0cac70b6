namespace NotebookKit.Workshop.World;

/// <summary>What the thing wears.</summary>
public enum Accessory
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A black top hat with a ribbon.</summary>
    Hat,

    /// <summary>A knitted scarf.</summary>
    Scarf,

    /// <summary>A bow at the neck.</summary>
    Bow,
}
