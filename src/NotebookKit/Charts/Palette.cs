using System.Globalization;

namespace NotebookKit.Charts;

/// <summary>The colours of every chart: middle tones, which stand out on white and on black, and apart for the colour-blind.</summary>
internal static class Palette
{
    /// <summary>How many steps a colour scale has.</summary>
    public const int Levels = 25; // odd: zero has a colour of its own

    /// <summary>The colours of series, in their order.</summary>
    public static readonly IReadOnlyList<string> Series = ["#4da4f3", "#d5823b", "#229a72", "#e560ab", "#6b52b6", "#c9b227", "#5c7483",
        "#aa462f"];

    // Dark violet over blue and green to yellow; even in brightness, so that it reads in grey as well.
    private static readonly (int R, int G, int B)[] Sequential = [(59, 28, 100), (52, 94, 160), (33, 145, 140), (104, 193, 92),
        (246, 222, 58)];
    private static readonly (int R, int G, int B)[] Diverging = [(34, 94, 168), (120, 170, 215), (196, 198, 200), (230, 150, 105),
        (190, 55, 40)];

    /// <summary>The colour of a value.</summary>
    /// <param name="level">From 0 to <see cref="Levels"/> - 1.</param>
    /// <param name="diverging">Two hues around the middle instead of one scale.</param>
    public static string OfLevel(int level, bool diverging) => At((double)level / (Levels - 1), diverging ? Diverging : Sequential);

    /// <summary>Plotly's form of the same scale.</summary>
    public static object[][] Scale(bool diverging) =>
        [.. Enumerable.Range(0, 5).Select(i => new object[] { i / 4.0, At(i / 4.0, diverging ? Diverging : Sequential) })];

    /// <summary>Black or white, whichever reads on a level's colour.</summary>
    public static string InkOn(int level, bool diverging)
    {
        var (r, g, b) = Mix((double)level / (Levels - 1), diverging ? Diverging : Sequential);
        return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#111" : "#fff";
    }

    private static string At(double t, (int R, int G, int B)[] anchors)
    {
        var (r, g, b) = Mix(t, anchors);
        return string.Create(CultureInfo.InvariantCulture, $"#{(int)Math.Round(r):x2}{(int)Math.Round(g):x2}{(int)Math.Round(b):x2}");
    }

    private static (double R, double G, double B) Mix(double t, (int R, int G, int B)[] anchors)
    {
        var place = Math.Clamp(t, 0, 1) * (anchors.Length - 1);
        var i = Math.Min((int)place, anchors.Length - 2);
        var f = place - i;
        var (a, b) = (anchors[i], anchors[i + 1]);
        return (a.R + f * (b.R - a.R), a.G + f * (b.G - a.G), a.B + f * (b.B - a.B));
    }
}
