using System.Runtime.InteropServices;

namespace NotebookKit.Images;

/// <summary>Writes JPEG by libjpeg-turbo, with colours as fine as brightness (4:4:4), so that small pictures keep theirs.</summary>
internal static unsafe partial class JpegEncoder
{
    private const string Library = "libturbojpeg.so.0";
    private const int PixelRgb = 0, Sampling444 = 0, NoFlags = 0;

    /// <summary>Whether the library is there.</summary>
    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out _);

    public static byte[] Encode(RgbImage image, int quality)
    {
        if (quality is < 1 or > 100)
            throw new BadInputException($"The quality of a JPEG is 1 to 100, not {quality}; 90 is usual.");
        if (!IsAvailable)
            throw new BadInputException($"{Library}, which writes JPEG, is missing: apt-get install libturbojpeg0, or write a PNG.");
        var encoder = tjInitCompress();
        byte* file = null;
        try
        {
            var size = default(CULong);
            fixed (byte* pixels = image.Pixels)
            {
                if (tjCompress2(encoder, pixels, image.Width, 3 * image.Width, image.Height, PixelRgb, &file, &size, Sampling444, quality, NoFlags) != 0)
                    throw new BadInputException($"A picture of {image.Width} × {image.Height} cannot be a JPEG: {Marshal.PtrToStringUTF8(tjGetErrorStr2(encoder))?.Trim()}; write a PNG.");
            }

            return new ReadOnlySpan<byte>(file, checked((int)size.Value)).ToArray();
        }
        finally
        {
            tjFree(file);
            _ = tjDestroy(encoder);
        }
    }

    [LibraryImport(Library)]
    private static partial nint tjInitCompress();

    [LibraryImport(Library)]
    private static partial int tjCompress2(nint handle, byte* pixels, int width, int pitch, int height, int pixelFormat, byte** file, CULong* size, int sampling, int quality, int flags);

    [LibraryImport(Library)]
    private static partial void tjFree(byte* buffer);

    [LibraryImport(Library)]
    private static partial int tjDestroy(nint handle);

    [LibraryImport(Library)]
    private static partial nint tjGetErrorStr2(nint handle);
}
