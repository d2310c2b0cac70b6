using System.Globalization;
using System.Text.RegularExpressions;
using NotebookKit.Checkpoints;
using NotebookKit.Images;

namespace NotebookKit.Studio;

/// <summary>
/// One's own photos, brought by the page: each is decoded by the same door as all pictures, made no larger than a training
/// looks at, and written anew under a name of the studio's, so that nothing of what came lies on the disk.
/// </summary>
/// <param name="folder">Where their folders are.</param>
internal sealed partial class StudioUploads(string folder)
{
    /// <summary>The largest file.</summary>
    public const int LargestFile = 32 << 20;

    // A training cuts to 512 or 1024 pixels.
    private const int Longest = 1536;

    private const int MostPhotos = 64, MostFolders = 100, LongestCaption = 500;

    // Decoding takes some hundred megabytes of a large photo: one at a time.
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>Keeps a photo.</summary>
    /// <param name="set">The folder's name; null for a new one.</param>
    /// <param name="bytes">The file.</param>
    /// <param name="name">What the page calls it.</param>
    /// <param name="caption">What it shows; empty for none.</param>
    /// <param name="cancel">The page was closed.</param>
    /// <exception cref="BadInputException">It is no picture, or there is no room for it.</exception>
    public async Task<Uploaded> KeepAsync(string? set, byte[] bytes, string name, string caption, CancellationToken cancel)
    {
        if (caption.Length > LongestCaption)
            throw new BadInputException($"A caption of the studio has at most {LongestCaption} letters.");
        await _gate.WaitAsync(cancel);
        try
        {
            var picture = Smaller(RgbImage.Decode(bytes, name.Length > 0 ? Path.GetFileName(name) : "the file"));
            var into = set is null ? NewFolder() : Existing(set);
            var count = Directory.EnumerateFiles(into, "photo-*.png").Count();
            if (count >= MostPhotos)
                throw new BadInputException($"The folder has {MostPhotos} photos already; 5 to 20 are usual.");
            var stem = Path.Combine(into, string.Create(CultureInfo.InvariantCulture, $"photo-{count + 1:00}"));
            if (caption.Length > 0)
                AtomicFile.WriteText(stem + ".txt", caption.ReplaceLineEndings(" ").Trim() + "\n");
            AtomicFile.Write(stem + ".png", stream => stream.Write(picture.ToPng()));
            return new Uploaded(Path.GetFileName(into), into, count + 1);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static RgbImage Smaller(RgbImage picture)
    {
        var scale = (double)Longest / Math.Max(picture.Width, picture.Height);
        return scale >= 1 ? picture
            : picture.Resize(Math.Max(1, (int)(picture.Width * scale)), Math.Max(1, (int)(picture.Height * scale)),
                ResampleFilter.Bicubic);
    }

    private string NewFolder()
    {
        Directory.CreateDirectory(folder);
        if (Directory.GetDirectories(folder).Length >= MostFolders)
            throw new BadInputException($"{folder} has {MostFolders} folders of photos already; delete some that are not needed.");
        var now = DateTime.Now.ToString("yyyy-MM-dd-HHmmss", CultureInfo.InvariantCulture);
        var name = Enumerable.Range(1, MostFolders + 1).Select(i => i == 1 ? now : $"{now}-{i}")
            .First(free => !Directory.Exists(Path.Combine(folder, free)));
        return Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
    }

    private string Existing(string set)
    {
        var path = Path.Combine(folder, set);
        return Safe().IsMatch(set) && Directory.Exists(path) ? Path.GetFullPath(path)
            : throw new BadInputException("There is no such folder of photos; choose the photos again.");
    }

    [GeneratedRegex(@"^[0-9-]{17,24}\z")]
    private static partial Regex Safe();
}

/// <summary>Where a photo went.</summary>
/// <param name="Set">The folder's name.</param>
/// <param name="Folder">The folder.</param>
/// <param name="Photos">How many it has.</param>
internal sealed record Uploaded(string Set, string Folder, int Photos);
