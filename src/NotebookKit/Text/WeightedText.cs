namespace NotebookKit.Text;

/// <summary>A piece of a prompt and how much it is to count.</summary>
/// <param name="Text">The words; "BREAK" for a break.</param>
/// <param name="Weight">1 is normal.</param>
public readonly record struct WeightedText(string Text, double Weight)
{
    /// <summary>The word <c>BREAK</c>: what follows begins a new chunk.</summary>
    public static WeightedText Break { get; } = new("BREAK", 1) { IsBreak = true };

    /// <summary>Whether it is a break and no text.</summary>
    public bool IsBreak { get; private init; }
}
