using System.Runtime.InteropServices;

namespace NotebookKit.Images;

/// <summary>JPEG by libjpeg-turbo (its TurboJPEG interface), with the settings that Pillow uses.</summary>
internal static unsafe partial class JpegDecoder
{
    private const string Library = "libturbojpeg.so.0";
    private const int PixelRgb = 0, PixelCmyk = 11;
    private const int SpaceCmyk = 3, SpaceYcck = 4;
    private const int LimitScans = 32768; // a progressive file may ask for thousands of passes
    private const int ErrorWarning = 0;

    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name)
    {
        nint decoder;
        try
        {
            decoder = tjInitDecompress();
        }
        catch (DllNotFoundException e)
        {
            throw new BadInputException($"{name} is a JPEG, and {Library} that reads them is missing: apt-get install libturbojpeg0.", e);
        }

        try
        {
            fixed (byte* source = bytes)
            {
                if (tjDecompressHeader3(decoder, source, new CULong((nuint)bytes.Length), out var width, out var height, out _, out var space) != 0)
                    throw ImageDecoder.Damaged(name, ErrorOf(decoder));
                ImageDecoder.CheckSize(width, height, name);
                return space is SpaceCmyk or SpaceYcck
                    ? FromCmyk(width, height, Pixels(decoder, source, bytes.Length, width, height, PixelCmyk, 4, name))
                    : new RgbImage(width, height, Pixels(decoder, source, bytes.Length, width, height, PixelRgb, 3, name));
            }
        }
        finally
        {
            _ = tjDestroy(decoder);
        }
    }

    private static byte[] Pixels(nint decoder, byte* source, int length, int width, int height, int format, int channels, string name)
    {
        var pixels = new byte[checked(channels * width * height)];
        fixed (byte* target = pixels)
        {
            if (tjDecompress2(decoder, source, new CULong((nuint)length), target, width, channels * width, height, format, LimitScans) == 0)
                return pixels;
        }

        // Many cameras write files with harmless oddities; only missing or wrong picture data is a fault.
        var message = ErrorOf(decoder);
        var harmless = tjGetErrorCode(decoder) == ErrorWarning
            && !message.Contains("remature end", StringComparison.Ordinal)
            && (!message.Contains("Corrupt", StringComparison.Ordinal) || message.Contains("extraneous", StringComparison.Ordinal));
        return harmless ? pixels : throw ImageDecoder.Damaged(name, message);
    }

    /// <summary>Adobe stores ink inverted (255 = none); red = (1 − cyan)(1 − black), rounded as Pillow rounds.</summary>
    private static RgbImage FromCmyk(int width, int height, byte[] cmyk)
    {
        var image = new RgbImage(width, height);
        for (var i = 0; i < width * height; i++)
        {
            int light = cmyk[4 * i + 3];
            for (var c = 0; c < 3; c++)
            {
                var product = (255 - cmyk[4 * i + c]) * light + 128;
                image.Pixels[3 * i + c] = (byte)(light - ((product + (product >> 8)) >> 8));
            }
        }

        return image;
    }

    private static string ErrorOf(nint decoder) => Marshal.PtrToStringUTF8(tjGetErrorStr2(decoder))?.Trim() ?? "its data is not JPEG";

    [LibraryImport(Library)]
    private static partial nint tjInitDecompress();

    [LibraryImport(Library)]
    private static partial int tjDecompressHeader3(nint handle, byte* jpeg, CULong size, out int width, out int height, out int subsampling, out int colorspace);

    [LibraryImport(Library)]
    private static partial int tjDecompress2(nint handle, byte* jpeg, CULong size, byte* target, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library)]
    private static partial int tjDestroy(nint handle);

    [LibraryImport(Library)]
    private static partial nint tjGetErrorStr2(nint handle);

    [LibraryImport(Library)]
    private static partial int tjGetErrorCode(nint handle);
}
