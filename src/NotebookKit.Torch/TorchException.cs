using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>
/// What libtorch refused: the message names the operator, the shapes and types it was given, and libtorch's first line.
/// </summary>
public sealed class TorchException : ExternalException
{
    /// <summary>A failure with a message.</summary>
    public TorchException(string message) : base(message)
    {
    }

    /// <summary>A failure that was caused by an exception in a custom autograd function.</summary>
    public TorchException(string message, Exception inner) : base(message, inner)
    {
    }

    internal static string FirstLine(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }
}
