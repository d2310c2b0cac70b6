using System.Globalization;

namespace NotebookKit.Checkpoints.Hub;

/// <summary>How far a download is.</summary>
/// <param name="File">The file that is being fetched.</param>
/// <param name="Done">Bytes there, of all files.</param>
/// <param name="Total">Bytes of all files.</param>
/// <param name="Fetched">Bytes that came over the network in this run.</param>
/// <param name="Elapsed">Time since the run began.</param>
public sealed record HubProgress(string File, long Done, long Total, long Fetched, TimeSpan Elapsed)
{
    /// <summary>The time left at the speed so far; null while that is unknown.</summary>
    public TimeSpan? Remaining => Fetched > 0 && Elapsed > TimeSpan.Zero
        ? TimeSpan.FromSeconds(Math.Min((Total - Done) * Elapsed.TotalSeconds / Fetched, 1e6))
        : null;

    /// <summary>One line for a console.</summary>
    public string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"{File}: {Done / 1e6:0} of {Total / 1e6:0} MB"
            + $"{(Elapsed > TimeSpan.Zero ? $", {Fetched / 1e6 / Elapsed.TotalSeconds:0.0} MB/s" : "")}"
            + $"{(Remaining is { } left ? $", {left:h\\:mm\\:ss} left" : "")}");
}
