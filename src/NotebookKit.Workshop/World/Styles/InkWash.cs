using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Styles;

/// <summary>
/// A Chinese ink painting: black brush lines that swell and dry, grey washes that fade into mist, tinted paper, a red seal.
/// </summary>
internal static class InkWash
{
    public static void Apply(Canvas canvas, ulong seed)
    {
        var random = new WorldRandom(seed, 2);
        var phase = random.NextFloat();
        Warp.Waver(canvas, 0.014f, phase);
        for (var row = 0; row < canvas.Size; row++)
        {
            var y = (row + 0.5f) * canvas.Pixel - 1;
            for (var column = 0; column < canvas.Size; column++)
            {
                var x = (column + 0.5f) * canvas.Pixel - 1;
                var at = row * canvas.Stride + column;
                var ink = 1 - canvas.R[at];
                // The brush is wet here and dry there; around the figure the mist leaves the paper bare.
                ink *= 0.90f + 0.16f * Warp.Wave(x * 1.1f + y * 0.8f + phase);
                if (canvas.Figure[at] < 1)
                {
                    var mist = Math.Clamp(Math.Abs(y + 0.15f) * 1.1f + 0.12f * Warp.Wave(x * 0.8f + phase), 0, 1);
                    ink *= canvas.Figure[at] + (1 - canvas.Figure[at]) * (1 - 0.55f * mist);
                }

                var light = Math.Clamp(1 - ink, 0, 1);
                canvas.R[at] = light * 0.965f;
                canvas.G[at] = light * 0.935f;
                canvas.B[at] = light * 0.865f;
            }
        }

        Seal(canvas, random.Chance(0.5f));
    }

    private static void Seal(Canvas canvas, bool left)
    {
        var sheet = new Sheet();
        sheet.Frame(left ? -0.82f : 0.82f, 0.82f, 1, mirrored: false, figure: false);
        var mark = Paint.Mark(new Rgb(0.96f, 0.90f, 0.82f));
        sheet.Box(0, 0, 0.105f, 0.105f, 0.02f, Paint.Mark(new Rgb(0.80f, 0.12f, 0.10f)));
        sheet.Box(0, -0.045f, 0.06f, 0.014f, 0, mark);
        sheet.Box(0, 0.045f, 0.06f, 0.014f, 0, mark);
        sheet.Box(0, 0, 0.014f, 0.06f, 0, mark);
        canvas.Draw(sheet.Shapes, Look.Photo);
    }
}
