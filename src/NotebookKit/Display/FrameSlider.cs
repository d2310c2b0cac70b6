using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace NotebookKit.Display;

/// <summary>
/// Prepared frames, of which one shows at a time: a row of stops, moved by clicking or by the arrow keys. It needs no
/// script and no kernel, only a style sheet of its own; where a host drops that (GitHub does), every frame shows, one
/// below the other.
/// </summary>
/// <param name="title">What moves from frame to frame: "Prior Loss Weight".</param>
/// <param name="frames">Name of the stop and what to show there, in order; at least one.</param>
/// <exception cref="ArgumentException">There is no frame.</exception>
[TypeFormatterSource]
public sealed class FrameSlider(string title, params IEnumerable<(string Stop, object Frame)> frames)
{
    /// <summary>What moves from frame to frame.</summary>
    public string Title { get; } = title;

    /// <summary>The stops and their frames, in order.</summary>
    public IReadOnlyList<(string Stop, object Frame)> Frames { get; } =
        frames.ToList() is { Count: > 0 } list ? list : throw new ArgumentException("A slider needs at least one frame.", nameof(frames));

    /// <summary>The title with its stops.</summary>
    public override string ToString() => $"{Title}: {string.Join(" | ", Frames.Select(frame => frame.Stop))}";

    internal string ToHtml()
    {
        var shown = Frames.Select(frame => DisplayFormat.Html(frame.Frame)).ToList();
        // The same frames get the same name on every run, so that a saved notebook does not change without reason.
        var id = "kf" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Title + string.Concat(shown))))[..10];
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<div class=\"{id}\"><style>");
        page.Append(CultureInfo.InvariantCulture,
            $".{id}>input{{position:absolute;opacity:0}}.{id}>figure{{display:none;margin:6px 0}}.{id}>figure>figcaption{{display:none}}");
        page.Append(CultureInfo.InvariantCulture, $".{id}>label{{display:inline-block;padding:2px 10px;margin:0;border-bottom:3px solid "
            + $"#8884;cursor:pointer;font-weight:normal}}");
        for (var i = 0; i < Frames.Count; i++)
        {
            page.Append(CultureInfo.InvariantCulture, $"#{id}-{i}:checked~figure:nth-of-type({i + 1}){{display:block}}");
            page.Append(CultureInfo.InvariantCulture,
                $"#{id}-{i}:checked+label{{border-bottom-color:#e8833a;font-weight:bold}}#{id}-{i}:focus+label{{outline:1px dotted}}");
        }

        page.Append(CultureInfo.InvariantCulture, $"</style><b>{WebUtility.HtmlEncode(Title)}</b> ");
        for (var i = 0; i < Frames.Count; i++)
            page.Append(CultureInfo.InvariantCulture, $"<input type=\"radio\" name=\"{id}\" "
                + $"id=\"{id}-{i}\"{(i == 0 ? " checked" : "")}><label for=\"{id}-{i}\">{WebUtility.HtmlEncode(Frames[i].Stop)}</label>");
        for (var i = 0; i < Frames.Count; i++)
            page.Append(CultureInfo.InvariantCulture,
                $"<figure><figcaption>{WebUtility.HtmlEncode(Frames[i].Stop)}</figcaption>{shown[i]}</figure>");
        return page.Append("</div>").ToString();
    }
}
