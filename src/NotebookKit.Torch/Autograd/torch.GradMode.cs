namespace TorchSharp;

/// <summary>Sets on the calling thread whether operations are recorded for backward, until it is disposed.</summary>
public sealed class AutoGradMode : IDisposable
{
    private readonly bool previous;
    private bool disposed;

    /// <summary>Switches recording on or off.</summary>
    public AutoGradMode(bool enabled)
    {
        previous = IsEnabled;
        NativeMethods.kit_set_grad_mode(enabled ? 1 : 0);
    }

    /// <summary>Whether operations are recorded on the calling thread.</summary>
    public static bool IsEnabled => NativeMethods.kit_grad_mode() != 0;

    /// <summary>Sets recording as it was before.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        NativeMethods.kit_set_grad_mode(previous ? 1 : 0);
    }
}

/// <summary>Switches recording off and lets tensors made meanwhile never be part of a graph, until it is disposed.</summary>
public sealed class InferenceMode : IDisposable
{
    private nint guard;

    /// <summary>Enters the mode, or with false leaves it.</summary>
    public InferenceMode(bool mode) => guard = NativeMethods.kit_inference_mode_enter(mode ? 1 : 0);

    /// <summary>Sets the mode as it was before.</summary>
    public void Dispose()
    {
        var entered = Interlocked.Exchange(ref guard, 0);
        if (entered != 0)
            NativeMethods.kit_inference_mode_leave(entered);
    }
}

public static partial class torch
{
    /// <summary>Nothing is recorded for backward until it is disposed.</summary>
    public static AutoGradMode no_grad() => new(false);

    /// <summary>Operations are recorded for backward until it is disposed.</summary>
    public static AutoGradMode enable_grad(bool enabled = true) => new(enabled);

    /// <summary>Whether operations are recorded for backward, until it is disposed.</summary>
    public static AutoGradMode set_grad_enabled(bool mode = true) => new(mode);

    /// <summary>Whether operations are recorded on the calling thread.</summary>
    public static bool is_grad_enabled() => AutoGradMode.IsEnabled;

    /// <summary>Nothing is recorded, and nothing made meanwhile can be part of a graph, until it is disposed.</summary>
    public static InferenceMode inference_mode(bool mode = true) => new(mode);

    /// <summary>Whether the calling thread is in inference mode.</summary>
    public static bool is_inference_mode_enabled() => NativeMethods.kit_is_inference_mode() != 0;
}
