using System.Globalization;
using NotebookKit.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;

namespace NotebookKit.Tests.Fuzzing;

/// <summary>Spoilt pictures of every kind, three hundred of each a run; KIT_FUZZ_PICTURES=2500 makes them more.</summary>
public sealed class PictureFuzzTests
{
    private static readonly int EachKind = int.Parse(Environment.GetEnvironmentVariable("KIT_FUZZ_PICTURES") ?? "300",
        CultureInfo.InvariantCulture);

    public static TheoryData<string> Kinds =>
        ["PNG", "JPEG", "lossy WebP", "lossless WebP", "lossy WebP with alpha", "lossless WebP with alpha"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Spoilt_pictures_are_decoded_or_refused(string kind)
    {
        var seeds = Whole(kind);
        FuzzTests.Run(EachKind, (mutation, i) =>
        {
            var bytes = mutation.Bytes(mutation.Pick(seeds), mutation.Pick(seeds));
            if (kind == "PNG" && i % 2 == 0)
                PngBytes.MendChecksums(bytes); // so that what is behind them is reached
            if (kind.Contains("WebP") && i % 2 == 0)
                WebpBytes.MendLength(bytes);
            RgbImage.Decode(bytes, "x");
        }, leastRefused: kind == "PNG" ? 0.25 : 0.1, measurePeak: true);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Whole_pictures_are_all_read(string kind) =>
        Assert.All(Whole(kind), bytes => Assert.True(RgbImage.Decode(bytes, "x").Width > 0));

    private static byte[][] Whole(string kind) => kind switch
    {
        "PNG" => [new RgbImage(24, 16).ToPng(new Dictionary<string, string> { ["k"] = "v" }), .. Golden("*.png")],
        "JPEG" => [.. Golden("*.jpg"), Written(new JpegEncoder { ColorType = JpegColorType.YCbCrRatio420 }, 255)],
        _ =>
        [
            .. kind == "lossless WebP" ? Golden("*.webp") : [],
            Written(new WebpEncoder { FileFormat = kind.StartsWith("lossy") ? WebpFileFormatType.Lossy : WebpFileFormatType.Lossless },
                (byte)(kind.EndsWith("alpha") ? 77 : 255)),
        ],
    };

    private static byte[][] Golden(string pattern) =>
        [.. Directory.GetFiles(House.Golden("images", "src"), pattern).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private static byte[] Written(IImageEncoder encoder, byte opacity)
    {
        var photo = RgbImage.Load(House.Golden("images", "src", "exact64.png"));
        using var image = new Image<Rgba32>(photo.Width, photo.Height);
        for (var i = 0; i < photo.Width * photo.Height; i++)
            image[i % photo.Width, i / photo.Width] = new Rgba32(photo.Pixels[3 * i], photo.Pixels[3 * i + 1], photo.Pixels[3 * i + 2],
                i % 7 < 3 ? opacity : (byte)255);
        using var file = new MemoryStream();
        image.Save(file, encoder);
        return file.ToArray();
    }
}
