using System.Collections.Concurrent;
using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Training;

namespace NotebookKit.Studio;

/// <summary>The subject's photos as they will be cut: looked at once each, for a moved slider must be answered at once.</summary>
internal sealed class StudioPhotos
{
    // On a page nobody sees more.
    private const int Shown = 192;

    // Of a large folder the first are shown.
    private const int Most = 64;

    private readonly ConcurrentDictionary<(string Path, DateTime Changed), (int Width, int Height)> _sizes = new();
    private readonly ConcurrentDictionary<(string Path, DateTime Changed, int Width, int Height), byte[]> _cut = new();
    private volatile IReadOnlyList<StudioPhoto> _now = [];

    /// <summary>The photos of the form that was checked last.</summary>
    public IReadOnlyList<StudioPhoto> Now => _now;

    /// <summary>Looks where each photo will be cut.</summary>
    public IReadOnlyList<StudioPhoto> Look(StableDiffusion sd, TrainOptions options, IEnumerable<string> paths) => _now = [..
        from path in paths.Take(Most)
        let size = _sizes.GetOrAdd((path, File.GetLastWriteTimeUtc(path)), file => SizeOf(file.Path))
        let bucket = options.BucketFor(sd, size)
        select new StudioPhoto(path, size.Width, size.Height, bucket.Width, bucket.Height)];

    /// <summary>A photo as it will be cut, as PNG; null where there is none.</summary>
    public byte[]? Cut(int index)
    {
        if (index < 0 || index >= Now.Count)
            return null;
        var photo = Now[index];
        return _cut.GetOrAdd((photo.Path, File.GetLastWriteTimeUtc(photo.Path), photo.Across, photo.Down), _ =>
        {
            var cut = PictureCrop.Of(RgbImage.Load(photo.Path), photo.Across, photo.Down).At();
            var scale = (double)Shown / Math.Max(cut.Width, cut.Height);
            var (width, height) = (Math.Max(1, (int)(cut.Width * scale)), Math.Max(1, (int)(cut.Height * scale)));
            return cut.Resize(width, height, ResampleFilter.Bicubic).ToPng();
        });
    }

    private static (int Width, int Height) SizeOf(string path)
    {
        var image = RgbImage.Load(path);
        return (image.Width, image.Height);
    }
}

/// <summary>A photo and the bucket that it is cut to.</summary>
internal sealed record StudioPhoto(string Path, int Width, int Height, int Across, int Down);
