using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace NotebookKit.Tensors;

/// <summary>
/// What libtorch reports, as a learner can read it. Its own message is a line with the reason and the shapes, then its
/// native stack, which tells nothing.
/// </summary>
public static class TorchErrors
{
    private const string NativeStack = "\nException raised from", LoadTrace = " Trace from LoadNativeBackend";

    /// <summary>
    /// One sentence: the operator that was asked for and libtorch's first line. Another exception's message stays as it is.
    /// </summary>
    /// <param name="exception">What was thrown.</param>
    public static string Sentence(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var message = exception.Message;
        if (exception is InvalidOperationException && message.IndexOf(LoadTrace, StringComparison.Ordinal) is > 0 and var trace)
            return message[..trace];
        if (!IsNative(exception))
            return message;
        var reason = message.AsSpan(0, message.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? end : message.Length).TrimEnd()
            .ToString();
        return Operator(exception) is { } asked ? $"{asked}: {reason}" : reason;
    }

    /// <summary>Whether an exception comes from libtorch itself.</summary>
    /// <param name="exception">What was thrown.</param>
    public static bool IsNative(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception is ExternalException
            && (exception.Message.Contains(NativeStack, StringComparison.Ordinal) || Operator(exception) is not null);
    }

    // TorchSharp's method that called into libtorch: mm, conv2d, backward. Null where no frame is TorchSharp's.
    private static string? Operator(Exception exception) => (
        from frame in new StackTrace(exception).GetFrames()
        let method = frame.GetMethod()
        where method?.Module.Assembly == typeof(torch).Assembly && method.Name != nameof(torch.CheckForErrors)
        select method.Name == "forward" && method.DeclaringType is { } layer ? layer.Name.ToLowerInvariant()
            : Named(method.Name)).FirstOrDefault();

    // The call of what an operator or a layer stands for may have been compiled into it.
    private static string Named(string method) => method switch
    {
        "op_Addition" => "add",
        "op_Subtraction" => "sub",
        "op_Multiply" => "mul",
        "op_Division" => "div",
        _ => method,
    };
}
