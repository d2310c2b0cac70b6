
namespace NotebookKit.Training;

/// <summary>What a library can know of the notebook cell that called it.</summary>
public static class RunningCell
{
    /// <summary>How the notebook's host tells; null outside a notebook.</summary>
    internal static Func<CancellationToken>? Token { get; set; }

    /// <summary>
    /// Cancelled when the reader interrupts the cell: a loop that looks at it can finish its step and keep what it has.
    /// Outside a notebook it never cancels.
    /// </summary>
    public static CancellationToken Cancellation => Token?.Invoke() ?? CancellationToken.None;
}
