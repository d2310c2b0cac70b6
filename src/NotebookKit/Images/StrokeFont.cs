using System.Globalization;

namespace NotebookKit.Images;

/// <summary>
/// The kit's own lettering for captions: each glyph is a few pen strokes, drawn with a round, antialiased pen, so it
/// is readable from 9 to 40 pixels and looks the same on every machine. One unit is one pixel at scale 1, where
/// capitals are 10 pixels high and small letters 7.
/// </summary>
internal static class StrokeFont
{
    /// <summary>From one baseline to the next, in units.</summary>
    public const float LineHeight = 17;

    /// <summary>From the top of a line to its baseline, in units.</summary>
    public const float Ascent = 12;

    private const float Pen = 0.62f; // half the pen's width
    private const float Gap = 2.5f; // between two glyphs
    private const float Space = 4.2f;

    // A glyph is strokes divided by ';', a stroke points "x,y" (y upwards from the baseline); '~' marks the control
    // point of a quadratic curve between its neighbours.
    private static readonly Dictionary<char, Glyph> Glyphs = Parse("""
        ! 0,9 0,2.8; 0,0 0,.3
        " 0,9 0,6.6; 2,9 2,6.6
        # 1.8,8.6 .8,.4; 4.8,8.6 3.8,.4; 0,6 5.4,6; 0,3 5.4,3
        $ 4.7,6.5 ~4,7.8 2.5,7.8 ~.3,7.8 .3,6.1 ~.3,4.8 2.5,4.4 ~5,4 5,2.6 ~5,1 2.5,1 ~.7,1 0,2.3; 2.5,9.4 2.5,-.6
        % 1.6,9 ~0,9 0,6.9 ~0,4.8 1.6,4.8 ~3.2,4.8 3.2,6.9 ~3.2,9 1.6,9; 6.4,4.2 ~4.8,4.2 4.8,2.1 ~4.8,0 6.4,0 ~8,0 8,2.1 ~8,4.2 6.4,4.2; 6.6,9 1.4,0
        & 6.4,0 1.5,5.8 ~.7,6.8 .8,7.5 ~1.1,9 2.6,9 ~4.3,9 4.3,7.4 ~4.3,6 2.4,5 ~0,3.8 0,2.2 ~0,0 2.6,0 ~5.2,0 6,4
        ' 0,9 0,6.6
        ( 2,10 ~0,7.8 0,4 ~0,.2 2,-2
        ) 0,10 ~2,7.8 2,4 ~2,.2 0,-2
        * 2,9 2,5; .2,8 3.8,6; 3.8,8 .2,6
        + 3,7 3,1; 0,4 6,4
        , .7,.3 ~.7,-.9 0,-1.8
        - 0,3 3,3
        . 0,0 0,.3
        / 0,-1 3.6,10
        0 2.5,0 ~0,0 0,4.5 ~0,9 2.5,9 ~5,9 5,4.5 ~5,0 2.5,0
        1 .6,7.4 2.7,9 2.7,0; .5,0 4.9,0
        2 .2,7 ~.4,9 2.5,9 ~4.8,9 4.8,6.7 ~4.8,5 0,0 5,0
        3 .2,8 ~1,9 2.4,9 ~4.6,9 4.6,6.9 ~4.6,4.8 2.2,4.8; 2.2,4.8 ~5,4.8 5,2.4 ~5,0 2.3,0 ~.7,0 0,1.2
        4 4,0 4,9 0,2.6 5.2,2.6
        5 5,9 .8,9 .4,5 ~1.2,5.7 2.5,5.7 ~5,5.7 5,2.9 ~5,0 2.3,0 ~.7,0 0,1.1
        6 4.4,8.4 ~3.6,9 2.8,9 ~0,9 0,3.4 0,2.9 ~0,5.6 2.5,5.6 ~5,5.6 5,2.8 ~5,0 2.5,0 ~0,0 0,2.9
        7 0,9 5,9 1.7,0
        8 2.5,4.8 ~.4,4.8 .4,6.9 ~.4,9 2.5,9 ~4.6,9 4.6,6.9 ~4.6,4.8 2.5,4.8 ~0,4.8 0,2.4 ~0,0 2.5,0 ~5,0 5,2.4 ~5,4.8 2.5,4.8
        9 .6,.6 ~1.4,0 2.2,0 ~5,0 5,5.6 5,6.1 ~5,3.4 2.5,3.4 ~0,3.4 0,6.2 ~0,9 2.5,9 ~5,9 5,6.1
        : 0,0 0,.3; 0,5 0,5.3
        ; .7,.3 ~.7,-.9 0,-1.8; .7,5 .7,5.3
        < 5,7 0,4 5,1
        = 0,5 5,5; 0,2 5,2
        > 0,7 5,4 0,1
        ? 0,7.6 ~.6,9 2.3,9 ~4.4,9 4.4,7 ~4.4,5.6 3.2,4.8 ~2.2,4 2.2,2.8; 2.2,0 2.2,.3
        @ 6.2,2.8 ~5.2,1.6 4.4,1.6 ~2.4,1.6 2.4,3.8 ~2.4,6 4.4,6 ~6,6 6.2,4.2; 6.2,6 6.2,3 ~6.2,1.8 7.2,1.8 ~8.8,1.8 8.8,4.2 ~8.8,8.4 4.5,8.4 ~0,8.4 0,3.7 ~0,-1.2 4.6,-1.2 ~6.2,-1.2 7.2,-.6
        A 0,0 3.5,9 7,0; 1.2,3 5.8,3
        B 0,0 0,9 3,9 ~5.6,9 5.6,7 ~5.6,5 3,5 0,5; 3,5 ~6,5 6,2.5 ~6,0 3,0 0,0
        C 6.4,7.4 ~5.4,9 3.6,9 ~0,9 0,4.5 ~0,0 3.6,0 ~5.4,0 6.4,1.6
        D 0,0 0,9 2.8,9 ~6.4,9 6.4,4.5 ~6.4,0 2.8,0 0,0
        E 5,9 0,9 0,0 5,0; 0,5 4.5,5
        F 5,9 0,9 0,0; 0,5 4.4,5
        G 6.4,7.4 ~5.4,9 3.6,9 ~0,9 0,4.5 ~0,0 3.6,0 ~5.4,0 6.5,1.2 6.5,4.2 4,4.2
        H 0,0 0,9; 6,0 6,9; 0,5 6,5
        I 0,0 0,9
        J 3.4,9 3.4,2.4 ~3.4,0 1.6,0 ~.4,0 0,1
        K 0,0 0,9; 5.8,9 0,3.4; 2.2,5.5 6,0
        L 0,9 0,0 4.8,0
        M 0,0 0,9 4,3 8,9 8,0
        N 0,0 0,9 6,0 6,9
        O 3.6,0 ~0,0 0,4.5 ~0,9 3.6,9 ~7.2,9 7.2,4.5 ~7.2,0 3.6,0
        P 0,0 0,9 3,9 ~5.8,9 5.8,6.5 ~5.8,4 3,4 0,4
        Q 3.6,0 ~0,0 0,4.5 ~0,9 3.6,9 ~7.2,9 7.2,4.5 ~7.2,0 3.6,0; 4.4,2.2 7,-.8
        R 0,0 0,9 3,9 ~5.8,9 5.8,6.5 ~5.8,4 3,4 0,4; 3.2,4 6,0
        S 5.4,7.6 ~4.6,9 2.9,9 ~.4,9 .4,6.8 ~.4,5.1 3,4.6 ~5.9,4.1 5.9,2.3 ~5.9,0 3,0 ~.9,0 0,1.6
        T 0,9 6.4,9; 3.2,9 3.2,0
        U 0,9 0,3 ~0,0 3,0 ~6,0 6,3 6,9
        V 0,9 3.3,0 6.6,9
        W 0,9 2.4,0 4.8,8 7.2,0 9.6,9
        X 0,9 6,0; 6,9 0,0
        Y 0,9 3.2,4.4 6.4,9; 3.2,4.4 3.2,0
        Z 0,9 6,9 0,0 6,0
        [ 2,10 0,10 0,-2 2,-2
        \ 0,10 3.6,-1
        ] 0,10 2,10 2,-2 0,-2
        ^ 0,5.4 2.2,9 4.4,5.4
        _ 0,-2 5.4,-2
        ` 0,9.4 1.4,7.8
        a 5,6 5,0; 5,3 ~5,6 2.5,6 ~0,6 0,3 ~0,0 2.5,0 ~5,0 5,3
        b 0,9 0,0; 0,3 ~0,6 2.5,6 ~5,6 5,3 ~5,0 2.5,0 ~0,0 0,3
        c 4.5,5 ~3.8,6 2.6,6 ~0,6 0,3 ~0,0 2.6,0 ~3.8,0 4.5,1
        d 5,9 5,0; 5,3 ~5,6 2.5,6 ~0,6 0,3 ~0,0 2.5,0 ~5,0 5,3
        e 0,3.1 5,3.1 ~5,6 2.5,6 ~0,6 0,3 ~0,0 2.6,0 ~4,0 4.7,1
        f 3.4,8.9 ~1.4,9.3 1.4,7.2 1.4,0; 0,6 3.2,6
        g 5,6 5,-.6 ~5,-3 2.5,-3 ~1,-3 .4,-2.4; 5,3 ~5,6 2.5,6 ~0,6 0,3 ~0,0 2.5,0 ~5,0 5,3
        h 0,9 0,0; 0,3.5 ~.3,6 2.7,6 ~5,6 5,3.5 5,0
        i 0,6 0,0; 0,8.5 0,8.8
        j 1.4,6 1.4,-1.4 ~1.4,-3 0,-3; 1.4,8.5 1.4,8.8
        k 0,9 0,0; 4.4,6 0,2.2; 1.6,3.6 4.6,0
        l 0,9 0,1.3 ~0,0 1.3,0
        m 0,6 0,0; 0,3.5 ~.2,6 2.2,6 ~4,6 4,3.5 4,0; 4,3.5 ~4.2,6 6.2,6 ~8,6 8,3.5 8,0
        n 0,6 0,0; 0,3.5 ~.3,6 2.7,6 ~5,6 5,3.5 5,0
        o 2.5,0 ~0,0 0,3 ~0,6 2.5,6 ~5,6 5,3 ~5,0 2.5,0
        p 0,6 0,-3; 0,3 ~0,6 2.5,6 ~5,6 5,3 ~5,0 2.5,0 ~0,0 0,3
        q 5,6 5,-3; 5,3 ~5,6 2.5,6 ~0,6 0,3 ~0,0 2.5,0 ~5,0 5,3
        r 0,6 0,0; 0,3.5 ~.4,6 3,6
        s 4.2,5.2 ~3.6,6 2.2,6 ~.2,6 .2,4.5 ~.2,3.3 2.3,3 ~4.5,2.7 4.5,1.5 ~4.5,0 2.3,0 ~.7,0 0,.9
        t 1.4,8 1.4,1.6 ~1.4,0 3.2,0; 0,6 3.2,6
        u 0,6 0,2.5 ~0,0 2.3,0 ~4.7,0 5,2.5; 5,6 5,0
        v 0,6 2.5,0 5,6
        w 0,6 1.9,0 3.8,5.6 5.7,0 7.6,6
        x 0,6 4.6,0; 4.6,6 0,0
        y 0,6 2.6,0; 5,6 2,-2 ~1.6,-3 .2,-3
        z 0,6 4.5,6 0,0 4.5,0
        { 2.4,10 ~1,10 1,8.4 1,5.4 ~1,4 0,4 ~1,4 1,2.6 1,-.4 ~1,-2 2.4,-2
        | 0,10 0,-2
        } 0,10 ~1.4,10 1.4,8.4 1.4,5.4 ~1.4,4 2.4,4 ~1.4,4 1.4,2.6 1.4,-.4 ~1.4,-2 0,-2
        ~ 0,3 ~.4,4.6 1.6,4.2 3.6,3.2 ~4.8,2.8 5.2,4.4
        × .4,1.4 5,6; 5,1.4 .4,6
        · 0,3 0,3.3
        – 0,3 5,3
        → 0,4 7,4; 4.6,6.4 7,4 4.6,1.6
        … 0,0 0,.3; 3,0 3,.3; 6,0 6,.3
        """);

    // What a character without a glyph looks like: an empty box.
    private static readonly Glyph Missing = Parse("? 0,0 0,8 5,8 5,0 0,0")['?'];

    private sealed record Glyph(float Width, float[][] Segments);

    /// <summary>How wide a text is, in pixels.</summary>
    public static float Measure(string text, float scale) =>
        text.Length == 0 ? 0 : scale * (text.Sum(AdvanceOf) - Gap + 2 * Pen);

    /// <summary>Draws one line of text into a picture; what lies outside is left out.</summary>
    /// <param name="image">The picture, changed in place.</param>
    /// <param name="text">The text.</param>
    /// <param name="left">Where the text begins, in pixels.</param>
    /// <param name="baseline">The row that the letters stand on.</param>
    /// <param name="scale">Pixels per unit.</param>
    /// <param name="color">Red, green, blue.</param>
    public static void Draw(RgbImage image, string text, float left, float baseline, float scale, (byte R, byte G, byte B) color)
    {
        var pen = Math.Max(Pen * scale, 0.5f);
        var x = left + pen;
        foreach (var letter in text)
        {
            if (letter != ' ')
                DrawGlyph(image, GlyphOf(letter), x, baseline, scale, pen, color);
            x += AdvanceOf(letter) * scale;
        }
    }

    private static float AdvanceOf(char letter) => letter == ' ' ? Space : GlyphOf(letter).Width + Gap;

    private static Glyph GlyphOf(char letter) => Glyphs.GetValueOrDefault(letter is '\u2019' ? '\'' : letter, Missing);

    private static void DrawGlyph(RgbImage image, Glyph glyph, float x, float baseline, float scale, float pen,
        (byte R, byte G, byte B) color)
    {
        int x0 = Math.Max((int)(x - 2 - pen), 0), x1 = Math.Min((int)(x + glyph.Width * scale + 2 + pen), image.Width - 1);
        int y0 = Math.Max((int)(baseline - 11 * scale - 1), 0), y1 = Math.Min((int)(baseline + 4 * scale + 1), image.Height - 1);
        for (var py = y0; py <= y1; py++)
        {
            for (var px = x0; px <= x1; px++)
            {
                var nearest = float.MaxValue;
                foreach (var s in glyph.Segments)
                {
                    var distance = Distance(px - x, py - baseline, s[0] * scale, -s[1] * scale, s[2] * scale, -s[3] * scale);
                    nearest = Math.Min(nearest, distance);
                }

                // A pixel is covered by how far the pen's edge reaches across it.
                var ink = Math.Clamp(pen - nearest + 0.5f, 0, 1);
                if (ink == 0)
                    continue;
                var pixel = image.Pixels.AsSpan(3 * (py * image.Width + px), 3);
                pixel[0] = Mix(pixel[0], color.R, ink);
                pixel[1] = Mix(pixel[1], color.G, ink);
                pixel[2] = Mix(pixel[2], color.B, ink);
            }
        }
    }

    private static byte Mix(byte paper, byte pigment, float ink) => (byte)(paper + (pigment - paper) * ink + 0.5f);

    private static float Distance(float px, float py, float ax, float ay, float bx, float by)
    {
        float dx = bx - ax, dy = by - ay;
        var along = Math.Clamp(((px - ax) * dx + (py - ay) * dy) / Math.Max(dx * dx + dy * dy, 1e-6f), 0, 1);
        float ox = px - ax - along * dx, oy = py - ay - along * dy;
        return MathF.Sqrt(ox * ox + oy * oy);
    }

    private static Dictionary<char, Glyph> Parse(string lines)
    {
        var result = new Dictionary<char, Glyph>();
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var segments = line[2..].Split(';').SelectMany(Flatten).ToArray();
            result[line[0]] = new Glyph(segments.Max(s => Math.Max(s[0], s[2])), segments);
        }

        return result;
    }

    /// <summary>A stroke as straight pieces from (x, y) to (x, y).</summary>
    private static IEnumerable<float[]> Flatten(string stroke)
    {
        (float X, float Y) pen = (0, 0), control = (0, 0);
        bool started = false, curved = false;
        foreach (var word in stroke.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var numbers = word.TrimStart('~').Split(',');
            var point = (X: float.Parse(numbers[0], CultureInfo.InvariantCulture),
                Y: float.Parse(numbers[1], CultureInfo.InvariantCulture));
            if (word[0] == '~')
            {
                (control, curved) = (point, true);
                continue;
            }

            var from = pen;
            var pieces = !started ? 0 : curved ? 6 : 1;
            for (var i = 1; i <= pieces; i++)
            {
                var t = (float)i / pieces;
                var to = curved
                    ? ((1 - t) * (1 - t) * from.X + 2 * t * (1 - t) * control.X + t * t * point.X, (1 - t) * (1 - t) * from.Y
                        + 2 * t * (1 - t) * control.Y + t * t * point.Y)
                    : point;
                yield return [pen.X, pen.Y, to.Item1, to.Item2];
                pen = to;
            }

            (pen, started, curved) = (point, true, false);
        }
    }
}
