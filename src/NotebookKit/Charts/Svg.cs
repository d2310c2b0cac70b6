using System.Globalization;
using System.Text;

namespace NotebookKit.Charts;

/// <summary>Writes SVG elements: numbers in the invariant culture and with one decimal, text escaped.</summary>
internal sealed class Svg
{
    /// <summary>About the width of a character of the charts' 12 px type.</summary>
    public const double CharacterWidth = 6.4;

    private readonly StringBuilder _text = new();

    public static string Number(double value) => Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture);

    public static string Escape(string text)
    {
        var clean = new StringBuilder(text.Length);
        // By runes, because a lone surrogate would make the whole page ill-formed: it comes out as U+FFFD.
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => clean.Append("&amp;"),
                '<' => clean.Append("&lt;"),
                '>' => clean.Append("&gt;"),
                '"' => clean.Append("&quot;"),
                < ' ' or 0xFFFE or 0xFFFF => clean.Append(' '),
                _ => clean.Append(rune),
            };
        }

        return clean.ToString();
    }

    /// <summary>A number as it is written into a drawing: three digits, of thousands four.</summary>
    public static string Short(double value) =>
        (Math.Abs(value) is >= 999.5 or < 1e-3 ? NumberText.Short(value + 0.0)
            : value.ToString("G3", CultureInfo.InvariantCulture)).Replace('-', '−');

    /// <summary>A text cut to a number of characters.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    /// <summary>Markup as it is.</summary>
    public Svg Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    public Svg Line(double x1, double y1, double x2, double y2, string style) =>
        Raw($"<line x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\" {style}/>");

    public Svg Rect(double x, double y, double width, double height, string style, string? title = null) =>
        Raw($"<rect x=\"{Number(x)}\" y=\"{Number(y)}\" width=\"{Number(width)}\" height=\"{Number(height)}\" "
            + $"{style}{(title is null ? "/>" : $"><title>{Escape(title)}</title></rect>")}");

    public Svg Text(double x, double y, string text, string style = "") =>
        Raw($"<text x=\"{Number(x)}\" y=\"{Number(y)}\"{(style.Length > 0 ? " " + style : "")}>{Escape(text)}</text>");

    public override string ToString() => _text.ToString();
}
