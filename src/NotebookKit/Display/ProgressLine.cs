using System.Globalization;
using System.Net;
using NotebookKit.Charts;

namespace NotebookKit.Display;

/// <summary>How far something is, and how long it will still take at the pace so far.</summary>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps in all.</param>
/// <param name="Elapsed">Time since the first step began.</param>
/// <param name="Note">What else is to be said, as "loss 0.123".</param>
[TypeFormatterSource]
public sealed record ProgressLine(int Done, int Total, TimeSpan Elapsed, string Note = "")
{
    private const int Width = 24;

    /// <summary>The time still needed; null before the first step.</summary>
    public TimeSpan? Remaining => Done <= 0 ? null : Elapsed * ((double)Math.Max(0, Total - Done) / Done);

    /// <summary>One line: bar, steps, pace, time left or taken.</summary>
    public override string ToString()
    {
        var filled = Total <= 0 ? 0 : Math.Clamp(Width * Done / Total, 0, Width);
        var time = Done >= Total ? $"took {Clock(Elapsed)}" : Remaining is { } left ? $"{Clock(left)} left" : "starting";
        var pace = Done > 0 && Elapsed > TimeSpan.Zero ? $" · {NumberText.Short(Done / Elapsed.TotalSeconds)}/s" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{new string('█', filled)}{new string('░', Width - filled)} "
            + $"{Done}/{Total}{pace} · {time}{(Note.Length > 0 ? " · " + Note : "")}");
    }

    internal string ToHtml() => $"<div style=\"font-family:monospace\">{WebUtility.HtmlEncode(ToString())}</div>";

    private static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture)
        : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);
}
