
namespace NotebookKit.Images;

/// <summary>What a whole file says of its picture before anything is decoded.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Most">The most pixels that its bytes can hold.</param>
/// <param name="Exif">Its EXIF block, without the "Exif\0\0" in front; empty where it has none.</param>
internal readonly record struct PictureClaim(long Width, long Height, long Most, byte[] Exif)
{
    private const int LongestExif = 1 << 16; // what a JPEG segment can hold

    public static byte[] Block(ReadOnlySpan<byte> exif)
    {
        if (exif.StartsWith("Exif\0\0"u8))
            exif = exif[6..];
        return exif.Length <= LongestExif ? exif.ToArray() : [];
    }

    /// <summary>Refuses a size before memory is taken for it.</summary>
    public void Check(string name)
    {
        if (Width < 1 || Height < 1)
            throw ImageDecoder.Damaged(name, $"it claims to be {Width}×{Height} pixels");
        if (Width > RgbImage.MaxPixels || Height > RgbImage.MaxPixels || Width * Height > RgbImage.MaxPixels)
            throw new BadInputException($"{name} claims to be {Width}×{Height} pixels, more than the {RgbImage.MaxPixels / 1_000_000} "
                + "million that the kit reads; make it smaller.");
        if (Width * Height > Most)
            throw ImageDecoder.Damaged(name, $"it claims to be {Width}×{Height} pixels, and ends too early for that");
    }
}
