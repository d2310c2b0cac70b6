using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;
using NotebookKit.Evaluation;

namespace NotebookKit.Studio;

/// <summary>The studio in a notebook's cell: <c>Studio.Show("data/base-mini", photos: "data/sample-rabbit")</c>.</summary>
public static class Studio
{
    // One for the process: a cell that is run again shows it again.
    private static readonly SemaphoreSlim Gate = new(1);
    private static (string Base, string Photos, string Runs, string? Probe) _asked;
    private static StudioServer? _server;

    /// <summary>Starts the studio, where it does not run yet, and shows it below the cell; beside it a static form, which is what
    /// is left in a saved notebook. Another base or folder than before ends the one that runs: a training keeps its work.</summary>
    /// <param name="base">The base.</param>
    /// <param name="photos">The folder of the subject's photos.</param>
    /// <param name="runs">The folder of the runs.</param>
    /// <param name="probe">The probe's folder, which measures likeness; null measures nothing.</param>
    /// <param name="height">Pixels of its frame.</param>
    public static async Task<StudioFrame> Show(string @base, string photos, string runs = "runs", string? probe = null, int height = 900)
    {
        var asked = (@base, Path.GetFullPath(photos), Path.GetFullPath(runs), probe is null ? null : Path.GetFullPath(probe));
        await Gate.WaitAsync();
        try
        {
            if (asked != _asked)
                await EndAsync();
            _server ??= await StudioServer.StartAsync(@base, asked.Item3, asked.Item2,
                asked.Item4 is { } folder ? () => Probe.Load(folder) : null);
            _asked = asked;
            return new StudioFrame(_server.Address, [.. _server.Session.History.All()], height);
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Ends the studio; a training keeps its work, and its frames no longer answer.</summary>
    public static async Task Stop()
    {
        await Gate.WaitAsync();
        try
        {
            await EndAsync();
        }
        finally
        {
            Gate.Release();
        }
    }

    private static async Task EndAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = null;
    }
}

/// <summary>The studio's page in a frame, and the runs as a table that stays when nobody serves the page any more.</summary>
public sealed class StudioFrame : IHtmlContent
{
    private readonly IReadOnlyList<RunRow> _runs;
    private readonly int _height;

    internal StudioFrame(Uri address, IReadOnlyList<RunRow> runs, int height) => (Address, _runs, _height) = (address, runs, height);

    /// <summary>Where the page is.</summary>
    public Uri Address { get; }

    /// <inheritdoc/>
    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write($"<iframe src=\"{Address}\" title=\"studio\" style=\"width:100%;height:{_height}px;border:0\"></iframe>");
        writer.Write("<details><summary>runs when this cell was run</summary><table><tr><th>run</th><th>weight</th><th>state</th>"
            + "<th>likeness</th><th>PRES</th></tr>");
        foreach (var run in _runs)
            writer.Write(FormattableString.Invariant($"<tr><td>{WebUtility.HtmlEncode(run.Run)}</td><td>{run.PriorLossWeight}</td>")
                + FormattableString.Invariant($"<td>{run.State}</td><td>{run.Measures.End?.Fidelity:0.00}</td>")
                + FormattableString.Invariant($"<td>{run.Measures.End?.Pres:0.00}</td></tr>"));
        writer.Write("</table></details>");
    }

    /// <summary>The address.</summary>
    public override string ToString() => $"the studio at {Address}";
}
