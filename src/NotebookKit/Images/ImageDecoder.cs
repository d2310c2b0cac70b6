using System.Text;

namespace NotebookKit.Images;

/// <summary>Tells a picture's format from its first bytes, decodes it, and turns it upright.</summary>
internal static class ImageDecoder
{
    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name, AlphaRule alpha)
    {
        if (bytes.StartsWith(PngDecoder.Signature))
        {
            var image = PngDecoder.Decode(bytes, name, alpha, out var exif);
            return ExifOrientation.Apply(image, ExifOrientation.Read(exif));
        }

        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return ExifOrientation.Apply(JpegDecoder.Decode(bytes, name), ExifOrientation.Read(ExifOrientation.InJpeg(bytes)));
        if (bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes[8..12].SequenceEqual("WEBP"u8))
            return ExifOrientation.Apply(WebpDecoder.Decode(bytes, name, alpha), ExifOrientation.Read(ExifOrientation.InWebp(bytes)));
        throw new BadInputException($"{name} {WhatItIs(bytes)}; give a PNG, JPEG or WebP file.");
    }

    /// <summary>Refuses a size before memory is taken for it.</summary>
    public static void CheckSize(long width, long height, string name)
    {
        if (width < 1 || height < 1)
            throw Damaged(name, $"it claims to be {width}×{height} pixels");
        if (width > RgbImage.MaxPixels || height > RgbImage.MaxPixels || width * height > RgbImage.MaxPixels)
            throw new BadInputException($"{name} claims to be {width}×{height} pixels, more than the {RgbImage.MaxPixels / 1_000_000} million that the kit reads; make it smaller.");
    }

    public static BadInputException Damaged(string name, string why, Exception? inner = null) =>
        new($"{name} is damaged: {why}; copy or download it again, or leave it out.", inner);

    private static string WhatItIs(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return "is empty";
        if (bytes.StartsWith("GIF8"u8))
            return "is a GIF";
        if (bytes.StartsWith("BM"u8))
            return "is a BMP";
        if (bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8))
            return "is a TIFF";
        if (bytes.Length >= 12 && bytes[4..8].SequenceEqual("ftyp"u8))
        {
            var brand = Encoding.ASCII.GetString(bytes[8..12]);
            return brand.StartsWith("avi", StringComparison.Ordinal) ? "is an AVIF picture" : brand is "heic" or "heix" or "mif1" or "hevc" ? "is a HEIC picture" : "is a video";
        }

        var head = bytes[..Math.Min(bytes.Length, 512)];
        foreach (var b in head)
        {
            if (b < 0x20 && b is not ((byte)'\t' or (byte)'\n' or (byte)'\r'))
                return "is no picture";
        }

        return "holds text, not a picture";
    }
}
