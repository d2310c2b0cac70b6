using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Styles;

/// <summary>Thin washes on white paper: pale towards a ragged edge, pigment gathered in slow clouds.</summary>
internal static class Watercolor
{
    public static void Apply(Canvas canvas, ulong seed)
    {
        var phase = new WorldRandom(seed, 2).NextFloat();
        Warp.Waver(canvas, 0.012f, phase);
        for (var row = 0; row < canvas.Size; row++)
        {
            var y = (row + 0.5f) * canvas.Pixel - 1;
            for (var column = 0; column < canvas.Size; column++)
            {
                var x = (column + 0.5f) * canvas.Pixel - 1;
                var at = row * canvas.Stride + column;
                // The wash ends before the paper does, along a wavy line; the figure may reach past it.
                var rim = Math.Max(Math.Abs(x) + 0.05f * Warp.Wave(y * 1.3f + phase), Math.Abs(y) + 0.05f * Warp.Wave(x * 1.6f + phase));
                var bare = Math.Clamp((rim - 0.80f) / 0.13f, 0, 1) * (1 - canvas.Figure[at]);
                var cloud = 0.06f + 0.07f * Warp.Wave(x * 0.9f + 0.5f * Warp.Wave(y * 0.8f + phase)) * Warp.Wave(y * 1.1f - phase);
                var share = bare + (1 - bare) * Math.Max(0, cloud);
                canvas.R[at] += (0.995f - canvas.R[at]) * share;
                canvas.G[at] += (0.985f - canvas.G[at]) * share;
                canvas.B[at] += (0.965f - canvas.B[at]) * share;
            }
        }
    }
}
