namespace NotebookKit.Workshop.Parity;

/// <summary>The verdict on one case of reference data.</summary>
/// <param name="Area">The folder's area, such as <c>unet</c>.</param>
/// <param name="Name">The case, such as <c>sd15_tiny.c0</c>.</param>
/// <param name="Status"><c>passed</c>, <c>failed</c> or <c>skipped</c>.</param>
/// <param name="MaxError">The error that came nearest to its tolerance, or most beyond it; null where nothing was measured.</param>
/// <param name="Tolerance">The tolerance of that error.</param>
/// <param name="Note">What failed, or why it was skipped.</param>
internal sealed record ParityCase(string Area, string Name, string Status, double? MaxError, double? Tolerance, string? Note)
{
    public override string ToString()
    {
        var figures = MaxError is null ? "" : $"  error {MaxError:0.0##e+0} of {Tolerance:0.0##e+0}";
        return $"{Status,-7} {Area} {Name}{figures}{(Note is null ? "" : $"  ({Note})")}";
    }
}
