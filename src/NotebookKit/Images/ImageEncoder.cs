using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using SixLabors.ImageSharp.Processing.Processors.Transforms;

namespace NotebookKit.Images;

/// <summary>Resizes pictures and writes them as PNG and JPEG files, by ImageSharp.</summary>
internal static class ImageEncoder
{
    private const int LongestJpegSide = 65_535;

    /// <summary>8-bit RGB. A text is a <c>tEXt</c> part where Latin-1 can write it, else an <c>iTXt</c> part, as Pillow has it.</summary>
    public static byte[] ToPng(RgbImage picture, IReadOnlyDictionary<string, string>? texts)
    {
        using var image = Wrap(picture);
        foreach (var (keyword, text) in texts ?? new Dictionary<string, string>())
        {
            if (keyword.Length is 0 or > 79 || keyword.Any(c => c is < ' ' or > '~'))
                throw new ArgumentException($"'{keyword}' is no PNG keyword, which has 1 to 79 plain letters.", nameof(texts));
            image.Metadata.GetPngMetadata().TextData.Add(new PngTextData(keyword, text.Replace("\0", "", StringComparison.Ordinal), "",
                ""));
        }

        return Encode(image, new PngEncoder
        {
            ColorType = PngColorType.Rgb,
            BitDepth = PngBitDepth.Bit8,
            FilterMethod = PngFilterMethod.Adaptive,
            ChunkFilter = PngChunkFilter.ExcludePhysicalChunk,
            TextCompressionThreshold = int.MaxValue, // never packed, as the web UI writes them
        });
    }

    /// <summary>Colours are as fine as brightness (4:4:4), so that small pictures keep theirs.</summary>
    public static byte[] ToJpeg(RgbImage picture, int quality)
    {
        if (quality is < 1 or > 100)
            throw new BadInputException($"The quality of a JPEG is 1 to 100, not {quality}; 90 is usual.");
        if (Math.Max(picture.Width, picture.Height) > LongestJpegSide)
            throw new BadInputException($"A picture of {picture.Width} × {picture.Height} cannot be a JPEG, whose sides are at most "
                + $"{LongestJpegSide}; write a PNG.");
        using var image = Wrap(picture);
        return Encode(image, new JpegEncoder { Quality = quality, ColorType = JpegColorType.YCbCrRatio444 });
    }

    /// <summary>Across, then down: in one call ImageSharp keeps what lies between as floating point, and black-and-white pictures come out
    /// up to 55 levels from Pillow's.</summary>
    public static RgbImage Resize(RgbImage picture, int width, int height, ResampleFilter filter)
    {
        IResampler kernel = filter switch
        {
            ResampleFilter.Nearest => KnownResamplers.NearestNeighbor,
            ResampleFilter.Bilinear => KnownResamplers.Triangle,
            ResampleFilter.Bicubic => KnownResamplers.Bicubic,
            _ => KnownResamplers.Lanczos3,
        };
        using var image = Wrap(picture);
        using var across = image.Clone(ImageDecoder.Configuration, change => change.Resize(width, picture.Height, kernel));
        across.Mutate(ImageDecoder.Configuration, change => change.Resize(width, height, kernel));
        var resized = new RgbImage(width, height);
        across.CopyPixelDataTo(resized.Pixels);
        return resized;
    }

    private static Image<Rgb24> Wrap(RgbImage picture) =>
        Image.WrapMemory<Rgb24>(ImageDecoder.Configuration, picture.Pixels.AsMemory(), picture.Width, picture.Height);

    private static byte[] Encode(Image image, IImageEncoder encoder)
    {
        using var file = new MemoryStream();
        image.Save(file, encoder);
        return file.ToArray();
    }
}
