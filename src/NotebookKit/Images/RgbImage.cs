using NotebookKit.Checkpoints;

namespace NotebookKit.Images;

/// <summary>A picture in memory: 8-bit red, green, blue, row by row from the top.</summary>
[TypeFormatterSource(PreferredMimeTypes = ["image/png", "text/plain"])]
public sealed class RgbImage
{
    /// <summary>
    /// The most pixels that a file may have (the largest phone pictures have 108 million): a small hostile file can
    /// claim any size, so the claim is checked before memory is taken.
    /// </summary>
    public const int MaxPixels = 120_000_000;

    /// <summary>A picture of the given size.</summary>
    /// <param name="width">Pixels across, at least 1.</param>
    /// <param name="height">Pixels down, at least 1.</param>
    /// <param name="pixels">RGB interleaved, 3 · width · height bytes, kept and not copied; black where null.</param>
    /// <exception cref="ArgumentException">The size is not positive or the pixels do not fit it.</exception>
    public RgbImage(int width, int height, byte[]? pixels = null)
    {
        if (width < 1 || height < 1 || (long)width * height > MaxPixels)
            throw new ArgumentException($"A picture cannot be {width}×{height}: it needs 1 to {MaxPixels} pixels.");
        pixels ??= new byte[3 * width * height];
        if (pixels.Length != 3 * width * height)
            throw new ArgumentException($"{pixels.Length} bytes are no {width}×{height} RGB picture, which has {3 * width * height}.");
        (Width, Height, Pixels) = (width, height, pixels);
    }

    /// <summary>Whether the file that it was read from has transparent parts, which are white here.</summary>
    public bool WasTransparent { get; internal set; }

    /// <summary>Pixels across.</summary>
    public int Width { get; }

    /// <summary>Pixels down.</summary>
    public int Height { get; }

    /// <summary>RGB interleaved: the red of pixel (x, y) is at 3 · (y · <see cref="Width"/> + x).</summary>
    public byte[] Pixels { get; }

    /// <summary>
    /// Reads a PNG, JPEG or WebP file, told by its content and not by its name: turned upright by its EXIF
    /// orientation, transparency flattened on white, grey and CMYK made RGB, 16 bits rounded to 8.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="BadInputException">It is missing, damaged, cut off, too large, or no such picture.</exception>
    public static RgbImage Load(string path) => Decode(BytesOf(path), path);

    /// <summary>A picture's file as it is.</summary>
    /// <exception cref="BadInputException">It cannot be read.</exception>
    internal static byte[] BytesOf(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"The picture {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Decodes a PNG, JPEG or WebP file in memory, as <see cref="Load"/> does.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What error sentences call it.</param>
    /// <param name="alpha">What becomes of transparency.</param>
    /// <exception cref="BadInputException">It is damaged, cut off, too large, or no such picture.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name, AlphaRule alpha = AlphaRule.OnWhite) =>
        ImageDecoder.Decode(bytes, name, alpha);

    /// <summary>The picture as a PNG file.</summary>
    /// <param name="texts">Keywords and texts to keep in the file; <see cref="PngText"/> reads them back.</param>
    public byte[] ToPng(IReadOnlyDictionary<string, string>? texts = null) => ImageEncoder.ToPng(this, texts);

    /// <summary>The picture as a JPEG file: a tenth of a PNG's size, and no longer the same to the bit.</summary>
    /// <param name="quality">1 to 100; at 90 the difference is hard to see.</param>
    /// <exception cref="BadInputException">The quality is out of range, or the picture wider or higher than 65,535.</exception>
    public byte[] ToJpeg(int quality = 90) => ImageEncoder.ToJpeg(this, quality);

    /// <summary>Writes the picture as a PNG file; a file of that name is replaced only when all is written.</summary>
    /// <param name="path">The file; its folder is made where it is missing.</param>
    /// <param name="parameters">How the picture was drawn, kept in the file as the web UI keeps it.</param>
    public void SavePng(string path, GenerationParameters? parameters = null)
    {
        var png = ToPng(parameters is null ? null
            : new Dictionary<string, string> { [GenerationParameters.Keyword] = parameters.ToString() });
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>The picture at another size, smoothed over the area that each new pixel covers, as Pillow does it (within two
    /// levels).</summary>
    /// <param name="width">New pixels across.</param>
    /// <param name="height">New pixels down.</param>
    /// <param name="filter">The kernel.</param>
    public RgbImage Resize(int width, int height, ResampleFilter filter) => ImageEncoder.Resize(this, width, height, filter);

    /// <summary>A part of the picture.</summary>
    /// <param name="left">The first column kept.</param>
    /// <param name="top">The first row kept.</param>
    /// <param name="width">Columns kept.</param>
    /// <param name="height">Rows kept.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part sticks out of the picture.</exception>
    public RgbImage Crop(int left, int top, int width, int height)
    {
        if (left < 0 || top < 0 || width < 1 || height < 1 || left > Width - width || top > Height - height)
            throw new ArgumentOutOfRangeException(nameof(width),
                $"The part {width}×{height} at ({left}, {top}) sticks out of a {Width}×{Height} picture.");
        var part = new RgbImage(width, height);
        for (var y = 0; y < height; y++)
            Pixels.AsSpan(3 * ((top + y) * Width + left), 3 * width).CopyTo(part.Pixels.AsSpan(3 * y * width));
        return part;
    }

    /// <summary>Lays another picture over a part of this one.</summary>
    internal void Paste(RgbImage image, int left, int top)
    {
        for (var y = 0; y < image.Height; y++)
            image.Pixels.AsSpan(3 * y * image.Width, 3 * image.Width).CopyTo(Pixels.AsSpan(3 * ((top + y) * Width + left)));
    }

    /// <summary>A picture of the given size: resized until it covers that size, the middle cut out, nothing stretched.</summary>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="filter">The kernel of the resize.</param>
    public RgbImage Cover(int width, int height, ResampleFilter filter = ResampleFilter.Lanczos)
    {
        if ((width, height) == (Width, Height))
            return this;
        var scale = Math.Max((double)width / Width, (double)height / Height);
        var (across, down) = (Math.Max(width, (int)Math.Round(Width * scale)), Math.Max(height, (int)Math.Round(Height * scale)));
        return Resize(across, down, filter).Crop((across - width) / 2, (down - height) / 2, width, height);
    }

    /// <summary>
    /// A square training picture: the short side resized to <paramref name="size"/>, the middle cut out, with the
    /// rounding of torchvision's <c>Resize</c> and <c>CenterCrop</c>.
    /// </summary>
    /// <param name="size">Pixels a side.</param>
    /// <param name="filter">The kernel of the resize.</param>
    public RgbImage ResizeAndCenterCrop(int size, ResampleFilter filter = ResampleFilter.Bicubic)
    {
        var (width, height) = Width <= Height
            ? (size, (int)((double)size * Height / Width))
            : ((int)((double)size * Width / Height), size);
        return Resize(width, height, filter).Crop(Middle(width), Middle(height), size, size);

        int Middle(int length) => (int)Math.Round((length - size) / 2.0, MidpointRounding.ToEven);
    }
}
