using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace NotebookKit.Display;

/// <summary>
/// Prepared frames, of which one shows at a time: one or two rows of stops, moved by clicking or by the arrow keys. It needs no
/// script and no kernel, only a style sheet of its own; where a host drops that (GitHub does), every frame shows, one
/// below the other.
/// </summary>
[TypeFormatterSource]
public sealed class FrameSlider
{
    private readonly IReadOnlyList<(string Title, IReadOnlyList<string> Stops)> _rows;

    /// <summary>One row of stops.</summary>
    /// <param name="title">What moves from frame to frame: "Prior Loss Weight".</param>
    /// <param name="frames">Name of the stop and what to show there, in order; at least one.</param>
    /// <exception cref="ArgumentException">There is no frame.</exception>
    public FrameSlider(string title, params IEnumerable<(string Stop, object Frame)> frames)
    {
        Frames = [.. frames];
        if (Frames.Count == 0)
            throw new ArgumentException("A slider needs at least one frame.", nameof(frames));
        _rows = [(title, [.. Frames.Select(frame => frame.Stop)])];
    }

    /// <summary>Two rows of stops, each moved alone, with a frame for every pair.</summary>
    /// <param name="first">What the first row moves, and its stops: "weight".</param>
    /// <param name="second">What the second row moves, and its stops: "epoch".</param>
    /// <param name="frame">What to show at a stop of the first and a stop of the second, both counted from 0.</param>
    /// <exception cref="ArgumentException">A row has no stop.</exception>
    public FrameSlider((string Title, IReadOnlyList<string> Stops) first, (string Title, IReadOnlyList<string> Stops) second,
        Func<int, int, object> frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (first.Stops.Count == 0 || second.Stops.Count == 0)
            throw new ArgumentException("A slider needs at least one stop in each row.", nameof(second));
        _rows = [first, second];
        Frames =
        [
            .. from i in Enumerable.Range(0, first.Stops.Count)
               from j in Enumerable.Range(0, second.Stops.Count)
               select ($"{first.Title} {first.Stops[i]}, {second.Title} {second.Stops[j]}", frame(i, j)),
        ];
    }

    /// <summary>The stops and their frames, in order; of two rows the second's stops one after another for each of the first's.</summary>
    public IReadOnlyList<(string Stop, object Frame)> Frames { get; }

    /// <summary>Each title with its stops.</summary>
    public override string ToString() => string.Join("; ", _rows.Select(row => $"{row.Title}: {string.Join(" | ", row.Stops)}"));

    internal string ToHtml()
    {
        var shown = Frames.Select(frame => DisplayFormat.Html(frame.Frame)).ToList();
        // The same frames get the same name on every run, so that a saved notebook does not change without reason.
        var id = "kf" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToString() + string.Concat(shown))))[..10];
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<div class=\"{id}\"><style>");
        page.Append(CultureInfo.InvariantCulture,
            $".{id}>input{{position:absolute;opacity:0}}.{id}>figure{{display:none;margin:6px 0}}.{id}>figure>figcaption{{display:none}}");
        page.Append(CultureInfo.InvariantCulture, $".{id}>label{{display:inline-block;padding:2px 10px;margin:0;border-bottom:3px solid "
            + $"#8884;cursor:pointer;font-weight:normal}}.{id}>input:checked+label{{border-bottom-color:#e8833a;font-weight:bold}}");
        page.Append(CultureInfo.InvariantCulture, $".{id}>input:focus+label{{outline:1px dotted}}");
        for (var i = 0; i < Frames.Count; i++)
            page.Append(CultureInfo.InvariantCulture, $"{Chosen(id, i)}figure:nth-of-type({i + 1}){{display:block}}");
        page.Append("</style>");
        for (var row = 0; row < _rows.Count; row++)
        {
            page.Append(CultureInfo.InvariantCulture, $"{(row == 0 ? "" : "<br>")}<b>{WebUtility.HtmlEncode(_rows[row].Title)}</b> ");
            for (var i = 0; i < _rows[row].Stops.Count; i++)
                page.Append(CultureInfo.InvariantCulture, $"<input type=\"radio\" name=\"{id}{Row(row)}\" id=\"{id}{Row(row)}-{i}\""
                    + $"{(i == 0 ? " checked" : "")}><label for=\"{id}{Row(row)}-{i}\">"
                    + $"{WebUtility.HtmlEncode(_rows[row].Stops[i])}</label>");
        }

        for (var i = 0; i < Frames.Count; i++)
            page.Append(CultureInfo.InvariantCulture,
                $"<figure><figcaption>{WebUtility.HtmlEncode(Frames[i].Stop)}</figcaption>{shown[i]}</figure>");
        return page.Append("</div>").ToString();
    }

    private static string Row(int row) => row == 0 ? "" : "b";

    // The selector of a frame's stops: the first row's inputs stand before the second's, and both before the frames.
    private string Chosen(string id, int frame)
    {
        var columns = _rows.Count == 1 ? 1 : _rows[1].Stops.Count;
        return $"#{id}-{frame / columns}:checked~" + (_rows.Count == 1 ? "" : $"#{id}{Row(1)}-{frame % columns}:checked~");
    }
}
