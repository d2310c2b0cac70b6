using NotebookKit.Images;

namespace NotebookKit.Training.Concepts;

/// <summary>What about pictures will surprise once they are trained on, collected while each is decoded.</summary>
internal sealed class PictureFindings
{
    /// <summary>How many pictures a sentence names.</summary>
    public const int Named = 5;

    // Up to twice the size a photo is only soft.
    private const int EnlargedFar = 2;

    private readonly List<string> _small = [];
    private readonly List<string> _transparent = [];

    /// <summary>Looks at a picture.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="image">What it decoded to.</param>
    /// <param name="width">Pixels across that it is trained at.</param>
    /// <param name="height">Pixels down.</param>
    public void Look(string path, RgbImage image, int width, int height)
    {
        if (EnlargedFar * image.Width <= width || EnlargedFar * image.Height <= height)
            _small.Add($"{Path.GetFileName(path)} ({image.Width}×{image.Height}, trained at {width}×{height})");
        LookThrough(path, image);
    }

    /// <summary>Looks at a picture whose size in the run isn't known.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="image">What it decoded to.</param>
    public void LookThrough(string path, RgbImage image)
    {
        if (image.WasTransparent)
            _transparent.Add(Path.GetFileName(path));
    }

    /// <summary>A sentence for each kind of finding.</summary>
    public IEnumerable<string> Sentences()
    {
        if (_small.Count > 0)
            yield return $"Enlarged at least {EnlargedFar} times, so blur is learned with the subject: {FirstNames.Of(_small, Named)}; "
                + "give larger pictures, or a smaller --size.";
        if (_transparent.Count > 0)
            yield return $"Transparent parts are learned as white: {FirstNames.Of(_transparent, Named)}; paint a background, or a mask "
                + "beside the picture (NAME.mask.png).";
    }
}
