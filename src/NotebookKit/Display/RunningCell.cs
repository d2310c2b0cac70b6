namespace NotebookKit.Display;

/// <summary>What a library can know of the notebook cell that called it.</summary>
public static class RunningCell
{
    /// <summary>
    /// Cancelled when the reader interrupts the cell: a loop that looks at it can finish its step and keep what it has.
    /// Outside a notebook it never cancels.
    /// </summary>
    public static CancellationToken Cancellation =>
        AppContext.GetData("NotebookKit.Cancel") is Func<CancellationToken> token ? token() : CancellationToken.None;
}
