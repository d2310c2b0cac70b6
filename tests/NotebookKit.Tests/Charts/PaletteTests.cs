using System.Globalization;
using NotebookKit.Charts;

namespace NotebookKit.Tests.Charts;

/// <summary>Series must be told apart by those who see no red, no green or no blue, and stand out on white and on dark pages.</summary>
public sealed class PaletteTests
{
    // Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency",
    // severity 1: from linear RGB to the linear RGB that looks the same to the colour-blind.
    private static readonly double[][] Protan = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998]];
    private static readonly double[][] Deutan = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881]];
    private static readonly double[][] Tritan = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900]];
    private static readonly double[][] Full = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    private static readonly double[][] ToXyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];

    [Theory]
    [InlineData("protan")]
    [InlineData("deutan")]
    [InlineData("tritan")]
    [InlineData("full")]
    public void Every_two_of_the_eight_colours_are_told_apart(string sight)
    {
        var eye = sight switch { "protan" => Protan, "deutan" => Deutan, "tritan" => Tritan, _ => Full };
        var seen = Palette.Series.Select(color => Lab(Times(eye, Linear(color)))).ToList();
        for (var a = 0; a < seen.Count; a++)
            for (var b = 0; b < a; b++)
                // 2.3 is just noticeable when two fields touch; lines lie apart and are thin.
                Assert.True(Distance(seen[a], seen[b]) > 15,
                    $"{Palette.Series[a]} and {Palette.Series[b]} are {Distance(seen[a], seen[b]):0.0} apart");
    }

    [Fact]
    public void Every_colour_stands_out_on_white_and_on_a_dark_page() => Assert.All(Palette.Series, color =>
    {
        var light = Times(ToXyz, Linear(color))[1];
        Assert.True(1.05 / (light + 0.05) > 2.1, $"{color} is pale on white");
        Assert.True((light + 0.05) / (0.0103 + 0.05) > 2.5, $"{color} drowns on #1a1a1a");
    });

    private static double[] Linear(string color) => [.. Enumerable.Range(0, 3)
        .Select(i => int.Parse(color.AsSpan(1 + 2 * i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
        .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4))];

    private static double[] Times(double[][] matrix, double[] vector) => [.. matrix.Select(row => row.Zip(vector, (a, b) => a * b).Sum())];

    private static double[] Lab(double[] linear)
    {
        var xyz = Times(ToXyz, [.. linear.Select(v => Math.Clamp(v, 0, 1))]);
        var f = new[] { xyz[0] / 0.95047, xyz[1], xyz[2] / 1.08883 }.Select(v => v > 0.008856 ? Math.Cbrt(v) : 7.787 * v + 16.0 / 116)
            .ToArray();
        return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])];
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
