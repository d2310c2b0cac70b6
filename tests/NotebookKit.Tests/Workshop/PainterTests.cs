using System.Security.Cryptography;
using NotebookKit.Workshop.World;

namespace NotebookKit.Tests.Workshop;

public sealed class PainterTests
{
    private static readonly Scene Plain = new(ToyClass.RabbitToy, ToyColor.Red, Background.Grass, Style.Photo, Accessory.None, 1,
        new View());

    [Fact]
    public void The_same_scene_gives_the_same_bytes_on_any_thread()
    {
        var first = Enumerable.Range(0, 24).Select(i => Painter.PaintRgb(SceneSampler.Sample(5, i, WorldPreset.Cpu), 64)).ToArray();
        var second = new byte[24][];
        Parallel.For(0, 24, i => second[i] = Painter.PaintRgb(SceneSampler.Sample(5, i, WorldPreset.Cpu), 64));
        for (var i = 0; i < 24; i++)
            Assert.Equal(first[i], second[i]);
    }

    [Theory]
    [InlineData(Style.Photo, "dedb455089684802")]
    [InlineData(Style.OilPainting, "abec9410180db986")]
    [InlineData(Style.PencilSketch, "d5c9749886d83022")]
    [InlineData(Style.Watercolor, "d11c58c704403158")]
    [InlineData(Style.PixelArt, "ae72a18ab52ff8e3")]
    [InlineData(Style.InkWash, "c45a790633e472e0")]
    public void The_pictures_of_a_seed_are_what_they_have_always_been(Style style, string hash)
    {
        // A new look of the world changes these on purpose: base-mini then has to be trained again.
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < 24; i++)
            sha.AppendData(Painter.PaintRgb(SceneSampler.Sample(7, i, WorldPreset.Cpu) with { Style = style }, 64));
        Assert.Equal(hash, Convert.ToHexStringLower(sha.GetHashAndReset())[..16]);
    }

    [Fact]
    public void Every_class_colour_ground_style_and_accessory_looks_unlike_the_others()
    {
        AllDiffer(Enum.GetValues<ToyClass>().Select(c => Plain with { Class = c }));
        AllDiffer(Enum.GetValues<ToyColor>().Select(c => Plain with { Color = c }));
        AllDiffer(Enum.GetValues<Background>().Select(b => Plain with { Background = b }));
        AllDiffer(Enum.GetValues<Style>().Select(s => Plain with { Style = s }));
        AllDiffer(Enum.GetValues<Accessory>().Select(a => Plain with { Accessory = a }));
    }

    [Fact]
    public void A_sketch_shows_no_colour_at_all()
    {
        var pixels = Painter.PaintRgb(Plain with { Style = Style.PencilSketch }, 64);
        for (var i = 0; i < pixels.Length; i += 3)
            Assert.True(pixels[i] == pixels[i + 1] && pixels[i] == pixels[i + 2]);
    }

    [Fact]
    public void A_sketch_tells_colours_apart_by_their_tone()
    {
        double Tone(ToyColor color) => Painter.PaintRgb(Plain with
        {
            Class = ToyClass.BearToy,
            Background = Background.Studio,
            Color = color,
            Style = Style.PencilSketch
        }, 64).Average(level => level);
        Assert.True(Tone(ToyColor.White) > Tone(ToyColor.Yellow) + 10);
        Assert.True(Tone(ToyColor.Yellow) > Tone(ToyColor.Blue) + 3);
    }

    [Theory]
    [InlineData(Style.Photo, 3.0)]
    [InlineData(Style.PencilSketch, 3.0)]
    [InlineData(Style.Watercolor, 4.0)]
    [InlineData(Style.PixelArt, 0.0)]
    [InlineData(Style.InkWash, 4.0)]
    [InlineData(Style.OilPainting, 5.0)] // a smear is sampled at single pixels
    public void A_large_picture_shrunk_is_the_small_one(Style style, double tolerance)
    {
        for (var i = 0; i < 12; i++)
        {
            var scene = SceneSampler.Sample(9, i, WorldPreset.Gpu) with { Style = style };
            var (small, large) = (Painter.PaintRgb(scene, 64), Halve(Painter.PaintRgb(scene, 128), 128));
            Assert.InRange(MeanDifference(small, large), 0, tolerance);
        }
    }

    [Fact]
    public void The_figure_is_big_and_inside_the_picture()
    {
        foreach (var scene in Enumerable.Range(0, 200).Select(i => SceneSampler.Sample(11, i, WorldPreset.Gpu)))
        {
            // What changes with the colour is the figure.
            var photo = scene with { Style = Style.Photo };
            var (a, b) = (Painter.PaintRgb(photo with { Color = ToyColor.Blue }, 64),
                Painter.PaintRgb(photo with { Color = ToyColor.Yellow }, 64));
            var rows = Enumerable.Range(0, 64)
                .Where(y => Enumerable.Range(0, 64).Any(x => Math.Abs(a[(y * 64 + x) * 3] - b[(y * 64 + x) * 3]) > 40)).ToArray();
            var columns = Enumerable.Range(0, 64)
                .Where(x => Enumerable.Range(0, 64).Any(y => Math.Abs(a[(y * 64 + x) * 3] - b[(y * 64 + x) * 3]) > 40)).ToArray();
            Assert.True(Math.Max(rows.Length, columns.Length) >= 22, $"{scene} covers only {rows.Length} rows");
            Assert.True(columns[0] >= 0 && rows[^1] <= 61, $"{scene} leaves the picture below");
        }
    }

    private static void AllDiffer(IEnumerable<Scene> scenes)
    {
        var pictures = scenes.Select(s => (Scene: s, Pixels: Painter.PaintRgb(s, 64))).ToArray();
        for (var i = 0; i < pictures.Length; i++)
        {
            for (var j = 0; j < i; j++)
                Assert.True(MeanDifference(pictures[i].Pixels, pictures[j].Pixels) > 1,
                    $"{pictures[i].Scene} looks like {pictures[j].Scene}");
        }
    }

    private static double MeanDifference(byte[] a, byte[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += Math.Abs(a[i] - b[i]);
        return sum / a.Length;
    }

    private static byte[] Halve(byte[] pixels, int size)
    {
        var half = new byte[pixels.Length / 4];
        for (var y = 0; y < size / 2; y++)
        {
            for (var x = 0; x < size / 2; x++)
            {
                for (var c = 0; c < 3; c++)
                {
                    int At(int dx, int dy) => pixels[((2 * y + dy) * size + 2 * x + dx) * 3 + c];
                    half[(y * size / 2 + x) * 3 + c] = (byte)((At(0, 0) + At(1, 0) + At(0, 1) + At(1, 1) + 2) / 4);
                }
            }
        }

        return half;
    }
}
