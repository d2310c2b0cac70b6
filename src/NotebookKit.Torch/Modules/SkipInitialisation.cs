namespace TorchSharp.Modules;

/// <summary>
/// While one exists, layers made on this thread leave their weights uninitialised: for models whose weights a
/// checkpoint overwrites at once. Not in TorchSharp; there the flag has no effect because its layers never ask.
/// </summary>
public sealed class SkipInitialisation : IDisposable
{
    [ThreadStatic]
    private static int s_depth;

    /// <summary>Starts skipping on this thread.</summary>
    public SkipInitialisation() => s_depth++;

    /// <summary>Whether layers made now on this thread skip it.</summary>
    internal static bool Active => s_depth > 0;

    /// <summary>Ends skipping.</summary>
    public void Dispose() => s_depth--;
}
