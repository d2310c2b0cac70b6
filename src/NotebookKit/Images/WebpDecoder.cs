using System.Runtime.InteropServices;

namespace NotebookKit.Images;

/// <summary>WebP, lossy and lossless, by libwebp.</summary>
internal static unsafe partial class WebpDecoder
{
    private const string Library = "libwebp.so.7";
    private const int AbiVersion = 0x0200; // the major part is what libwebp compares

    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name, AlphaRule alpha)
    {
        fixed (byte* source = bytes)
        {
            Features features;
            try
            {
                var status = WebPGetFeaturesInternal(source, (nuint)bytes.Length, &features, AbiVersion);
                if (status != 0)
                    throw ImageDecoder.Damaged(name, "its WebP header is cut off or wrong");
            }
            catch (DllNotFoundException e)
            {
                throw new BadInputException($"{name} is a WebP picture, and {Library} that reads them is missing: apt-get install libwebp7.", e);
            }

            if (features.HasAnimation != 0)
                throw new BadInputException($"{name} is an animated WebP; save one frame of it as PNG.");
            ImageDecoder.CheckSize(features.Width, features.Height, name);
            var channels = features.HasAlpha != 0 ? 4 : 3;
            var pixels = new byte[checked(channels * features.Width * features.Height)];
            fixed (byte* target = pixels)
            {
                var stride = channels * features.Width;
                var done = channels == 4
                    ? WebPDecodeRGBAInto(source, (nuint)bytes.Length, target, (nuint)pixels.Length, stride)
                    : WebPDecodeRGBInto(source, (nuint)bytes.Length, target, (nuint)pixels.Length, stride);
                if (done == null)
                    throw ImageDecoder.Damaged(name, "its WebP data is cut off or wrong");
            }

            return channels == 3 ? new RgbImage(features.Width, features.Height, pixels) : Flatten(features.Width, features.Height, pixels, alpha);
        }
    }

    private static RgbImage Flatten(int width, int height, byte[] rgba, AlphaRule alpha)
    {
        var image = new RgbImage(width, height);
        for (var i = 0; i < width * height; i++)
        {
            var opacity = alpha == AlphaRule.OnWhite ? rgba[4 * i + 3] : 255;
            for (var c = 0; c < 3; c++)
                image.Pixels[3 * i + c] = PngDecoder.OnWhite(rgba[4 * i + c], opacity);
        }

        return image;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Features
    {
        public int Width, Height, HasAlpha, HasAnimation, Format;
        public fixed uint Reserved[5];
    }

    [LibraryImport(Library)]
    private static partial int WebPGetFeaturesInternal(byte* data, nuint size, Features* features, int version);

    [LibraryImport(Library)]
    private static partial byte* WebPDecodeRGBInto(byte* data, nuint size, byte* target, nuint targetSize, int stride);

    [LibraryImport(Library)]
    private static partial byte* WebPDecodeRGBAInto(byte* data, nuint size, byte* target, nuint targetSize, int stride);
}
