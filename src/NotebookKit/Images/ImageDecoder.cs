using System.Text;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace NotebookKit.Images;

/// <summary>
/// The door that every picture file comes through. The kit reads the file's own marks first (<see cref="PngFile"/>,
/// <see cref="JpegSegments"/>, <see cref="WebpChunks"/>, <see cref="BmpHeader"/>, <see cref="GifBlocks"/>): that it is whole, how large it
/// claims to be, how it was held.
/// Only then ImageSharp decodes it, by the one decoder of its format.
/// </summary>
internal static class ImageDecoder
{
    private const long HugeTable = 128 << 20;

    // ImageSharp knows no format by itself here: its flaws were mostly in those that nobody trains on.
    public static Configuration Configuration { get; } =
        new() { MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions { AllocationLimitMegabytes = 512 }) };

    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name, AlphaRule alpha)
    {
        if (bytes.StartsWith(PngChunks.Signature))
            return Decode<Rgba32>(new PngDecoder { IgnoreMetadata = true }, PngFile.Checked(bytes, name, out var claim), claim, name,
                alpha);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return Decode<Rgb24>(new JpegDecoder { IgnoreMetadata = true }, bytes, JpegSegments.Claim(bytes, name), name, alpha);
        if (bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes[8..12].SequenceEqual("WEBP"u8))
            return Decode<Rgba32>(new WebpDecoder { IgnoreMetadata = true }, bytes, WebpChunks.Claim(bytes, name), name, alpha);
        if (bytes.StartsWith("BM"u8) && bytes.Length >= BmpHeader.Length)
            return Decode<Rgba32>(new BmpDecoder(), bytes, BmpHeader.Claim(bytes, name), name, alpha);
        if (bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8))
            return Decode<Rgba32>(new GifDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First }, bytes,
                GifBlocks.Claim(bytes, name), name, alpha);
        throw new BadInputException($"{name} {WhatItIs(bytes)}; give a PNG, JPEG or WebP file.");
    }

    public static BadInputException Damaged(string name, string why, Exception? inner = null) =>
        new($"{name} is damaged: {why}; copy or download it again, or leave it out.", inner);

    private static unsafe RgbImage Decode<TPixel>(IImageDecoder decoder, ReadOnlySpan<byte> bytes, PictureClaim claim, string name,
        AlphaRule alpha)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        claim.Check(name);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            fixed (byte* start = bytes)
            {
                using var stream = new UnmanagedMemoryStream(start, bytes.Length);
                var seen = ((IImageInfoDetector)decoder).Identify(Configuration, stream, CancellationToken.None);
                if ((seen.Width, seen.Height) != (claim.Width, claim.Height))
                    throw Damaged(name, "its parts disagree on its size");
                stream.Position = 0;
                using var image = decoder.Decode<TPixel>(Configuration, stream, CancellationToken.None);
                if (claim.Exif.Length > 0)
                    TurnUpright(image, claim.Exif);
                return Flatten(image, alpha);
            }
        }
        catch (Exception e) when (e is not BadInputException) // hostile data brings any exception out of a decoder
        {
            // A damaged lossless WebP can ask for a table of 1.2 GB that is never filled. Handed back at once it takes no memory;
            // kept for the next one, it would be cleared first, and so filled.
            if (GC.GetAllocatedBytesForCurrentThread() - before > HugeTable)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            throw Damaged(name, "its picture data is wrong, or of a kind that is not read", e);
        }
    }

    /// <summary>A phone stores the sensor's rows and notes how to turn them. A broken note never spoils a picture.</summary>
    private static void TurnUpright(Image image, byte[] exif)
    {
        try
        {
            image.Metadata.ExifProfile = new ExifProfile(exif);
            _ = image.Metadata.ExifProfile.Values;
        }
        catch (Exception)
        {
            return;
        }

        image.Mutate(Configuration, change => change.AutoOrient());
    }

    private static RgbImage Flatten<TPixel>(Image<TPixel> image, AlphaRule alpha)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        var flat = new RgbImage(image.Width, image.Height);
        if (image is Image<Rgb24> opaque)
            opaque.CopyPixelDataTo(flat.Pixels);
        else if (image is Image<Rgba32> layered)
            layered.ProcessPixelRows(rows =>
            {
                var at = 0;
                var least = 255;
                for (var y = 0; y < rows.Height; y++)
                {
                    foreach (var pixel in rows.GetRowSpan(y))
                    {
                        least = Math.Min(least, pixel.A);
                        var opacity = alpha == AlphaRule.OnWhite ? pixel.A : 255;
                        flat.Pixels[at++] = OnWhite(pixel.R, opacity);
                        flat.Pixels[at++] = OnWhite(pixel.G, opacity);
                        flat.Pixels[at++] = OnWhite(pixel.B, opacity);
                    }
                }

                flat.WasTransparent = least < 255 && alpha == AlphaRule.OnWhite;
            });
        return flat;
    }

    /// <summary>One colour channel as it looks on white paper; opacity 0 to 255.</summary>
    private static byte OnWhite(int value, int opacity) => (byte)((value * opacity + 255 * (255 - opacity) + 127) / 255);

    private static string WhatItIs(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return "is empty";
        if (bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8))
            return "is a TIFF";
        if (bytes.Length >= 12 && bytes[4..8].SequenceEqual("ftyp"u8))
        {
            var brand = Encoding.ASCII.GetString(bytes[8..12]);
            return brand.StartsWith("avi", StringComparison.Ordinal) ? "is an AVIF picture" : brand is "heic" or "heix" or "mif1" or "hevc"
                ? "is a HEIC picture" : "is a video";
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
