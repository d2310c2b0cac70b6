
namespace NotebookKit.Training.Memory;

/// <summary>A tensor of which only the size is known.</summary>
/// <param name="count">How many numbers it has.</param>
/// <param name="size">Bytes of each.</param>
internal sealed class Counted(long count, int size)
{
    /// <summary>How many numbers it has.</summary>
    public long Count { get; set; } = count;

    /// <summary>Bytes of each.</summary>
    public int Size { get; set; } = size;

    /// <summary>What it takes.</summary>
    public long Bytes => Count * Size;

    /// <summary>Whether it asks for a gradient.</summary>
    public bool Learns { get; set; }

    /// <summary>What it counts as.</summary>
    public MemoryPart Part { get; set; }

    /// <summary>How many hold it: its scope, and what keeps it for backward.</summary>
    public int Lives { get; set; }

    /// <summary>Whether its scope has let go of it.</summary>
    public bool Disposed { get; set; }

    /// <summary>Its gradient, on the way back.</summary>
    public Gradient? Gradient { get; set; }
}

/// <summary>A gradient on the way back; a sum hands the same one to both of its terms.</summary>
internal sealed class Gradient(long bytes)
{
    /// <summary>What it takes.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>For how many tensors it is the gradient.</summary>
    public int Holders { get; set; }
}

/// <summary>What an operation needs besides its inputs and its result.</summary>
internal readonly record struct OperationWork
{
    /// <summary>Whether it has a weight that learns.</summary>
    public bool Learns { get; init; }

    /// <summary>Bytes for a moment on the way there.</summary>
    public long Forward { get; init; }

    /// <summary>Bytes for a moment on the way back, beside the inputs' gradients: a weight's new gradient among them.</summary>
    public long Backward { get; init; }

    /// <summary>Whether its result's gradient is that of its inputs.</summary>
    public bool PassesGradient { get; init; }
}
