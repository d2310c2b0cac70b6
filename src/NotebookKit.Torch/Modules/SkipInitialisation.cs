using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>
/// While one exists, layers made on this thread leave their weights uninitialised: for models whose weights a
/// checkpoint overwrites at once. Not in TorchSharp; there the flag has no effect because its layers never ask.
/// </summary>
public sealed class SkipInitialisation : IDisposable
{
    [ThreadStatic]
    private static int s_depth;

    [ThreadStatic]
    private static Device? s_device;

    [ThreadStatic]
    private static ScalarType? s_dtype;

    private readonly (Device? Device, ScalarType? DType) before;

    /// <summary>Starts skipping on this thread.</summary>
    /// <param name="device">where layers that name no device put their weights meanwhile; null as ever, on the CPU</param>
    /// <param name="dtype">the weights' type where layers name none; null as ever, float32</param>
    public SkipInitialisation(Device? device = null, ScalarType? dtype = null)
    {
        s_depth++;
        before = (s_device, s_dtype);
        (s_device, s_dtype) = (device ?? s_device, dtype ?? s_dtype);
    }

    /// <summary>Whether layers made now on this thread skip it.</summary>
    internal static bool Active => s_depth > 0;

    /// <summary>Where layers made now on this thread put their weights; null on the CPU.</summary>
    internal static Device? Device => s_device;

    /// <summary>The type of the weights of layers made now on this thread; null for the usual one.</summary>
    internal static ScalarType? DType => s_dtype;

    /// <summary>Ends skipping.</summary>
    public void Dispose()
    {
        s_depth--;
        (s_device, s_dtype) = before;
    }
}
