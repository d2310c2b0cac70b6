namespace NotebookKit.Images;

/// <summary>
/// Resizing as Pillow's <c>Image.resize</c> does it: across, then down, each pass in 8 bits with 22-bit fixed-point
/// weights. When a picture shrinks, the kernel widens with it, so that every old pixel counts (antialiasing).
/// </summary>
internal static class Resampler
{
    private const int Precision = 22;

    public static RgbImage Resize(RgbImage image, int width, int height, ResampleFilter filter)
    {
        if (filter == ResampleFilter.Nearest)
            return Nearest(image, width, height);
        if (width != image.Width)
            image = Across(image, width, filter);
        if (height != image.Height)
            image = Down(image, height, filter);
        return image;
    }

    /// <summary>For each new pixel, the first old pixel that it takes from and the weights from there on.</summary>
    private readonly record struct Taps(int First, int[] Weights);

    private static Taps[] TapsOf(int oldLength, int newLength, ResampleFilter filter)
    {
        var scale = (double)oldLength / newLength;
        var stretch = Math.Max(scale, 1.0);
        var support = stretch * filter switch { ResampleFilter.Bilinear => 1.0, ResampleFilter.Bicubic => 2.0, _ => 3.0 };
        var taps = new Taps[newLength];
        for (var i = 0; i < newLength; i++)
        {
            var center = (i + 0.5) * scale;
            var first = Math.Max((int)(center - support + 0.5), 0);
            var last = Math.Min((int)(center + support + 0.5), oldLength);
            var weights = new double[last - first];
            var sum = 0.0;
            for (var x = 0; x < weights.Length; x++)
                sum += weights[x] = Kernel(filter, (x + first - center + 0.5) / stretch);
            taps[i] = new Taps(first, [.. weights.Select(w => Fixed(w / sum))]);
        }

        return taps;
    }

    private static int Fixed(double weight) => (int)(weight * (1 << Precision) + (weight < 0 ? -0.5 : 0.5));

    private static double Kernel(ResampleFilter filter, double x)
    {
        x = Math.Abs(x);
        switch (filter)
        {
            case ResampleFilter.Bilinear:
                return x < 1 ? 1 - x : 0;
            case ResampleFilter.Bicubic:
                const double a = -0.5;
                return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
            default:
                return x < 3 ? Sinc(x) * Sinc(x / 3) : 0;
        }
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);

    private static RgbImage Across(RgbImage image, int width, ResampleFilter filter)
    {
        var taps = TapsOf(image.Width, width, filter);
        var result = new RgbImage(width, image.Height);
        Parallel.For(0, image.Height, y =>
        {
            var row = image.Pixels.AsSpan(3 * y * image.Width, 3 * image.Width);
            var target = result.Pixels.AsSpan(3 * y * width, 3 * width);
            for (var x = 0; x < width; x++)
            {
                int r = 1 << (Precision - 1), g = r, b = r; // half, so that the shift rounds
                var at = 3 * taps[x].First;
                foreach (var weight in taps[x].Weights)
                {
                    r += row[at] * weight;
                    g += row[at + 1] * weight;
                    b += row[at + 2] * weight;
                    at += 3;
                }

                target[3 * x] = Clip(r);
                target[3 * x + 1] = Clip(g);
                target[3 * x + 2] = Clip(b);
            }
        });
        return result;
    }

    private static RgbImage Down(RgbImage image, int height, ResampleFilter filter)
    {
        var taps = TapsOf(image.Height, height, filter);
        var stride = 3 * image.Width;
        var result = new RgbImage(image.Width, height);
        Parallel.For(0, height, y =>
        {
            var sums = new int[stride];
            Array.Fill(sums, 1 << (Precision - 1));
            for (var k = 0; k < taps[y].Weights.Length; k++)
            {
                var weight = taps[y].Weights[k];
                var row = image.Pixels.AsSpan((taps[y].First + k) * stride, stride);
                for (var i = 0; i < row.Length; i++)
                    sums[i] += row[i] * weight;
            }

            var target = result.Pixels.AsSpan(y * stride, stride);
            for (var i = 0; i < sums.Length; i++)
                target[i] = Clip(sums[i]);
        });
        return result;
    }

    private static byte Clip(int value) => (byte)Math.Clamp(value >> Precision, 0, 255);

    private static RgbImage Nearest(RgbImage image, int width, int height)
    {
        var result = new RgbImage(width, height);
        for (var y = 0; y < height; y++)
        {
            var row = (int)((y + 0.5) * image.Height / height) * image.Width;
            for (var x = 0; x < width; x++)
            {
                var from = 3 * (row + (int)((x + 0.5) * image.Width / width));
                image.Pixels.AsSpan(from, 3).CopyTo(result.Pixels.AsSpan(3 * (y * width + x)));
            }
        }

        return result;
    }
}
