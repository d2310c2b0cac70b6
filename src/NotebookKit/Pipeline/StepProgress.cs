using NotebookKit.Images;

namespace NotebookKit.Pipeline;

/// <summary>How far sampling has come, and on demand what the pictures look like by now.</summary>
public sealed class StepProgress
{
    private Func<int, IReadOnlyList<RgbImage>>? _decode;

    internal StepProgress(int done, int total, int firstPicture, int step, double timestep, Func<int, IReadOnlyList<RgbImage>> decode)
    {
        (Done, Total, FirstPicture, Step, Timestep) = (done, total, firstPicture, step, timestep);
        this._decode = decode;
    }

    /// <summary>Steps done, counted over all pictures' batches.</summary>
    public int Done { get; }

    /// <summary>Steps there are.</summary>
    public int Total { get; }

    /// <summary>Which of the pictures the batch at work begins with, from 0.</summary>
    public int FirstPicture { get; }

    /// <summary>Which of the batch's own steps was just done, from 1: batches may be drawn side by side.</summary>
    public int Step { get; }

    /// <summary>The timestep that was just left: near 1000 is noise, near 0 is clean.</summary>
    public double Timestep { get; }

    /// <summary>
    /// Decodes the clean pictures as the model predicts them at this step, one for each of the batch. Only while the
    /// report is being handled: the step's latents are freed after it.
    /// </summary>
    /// <param name="longestSide">In pixels: larger pictures are decoded from latents averaged down, which costs that much less.</param>
    /// <returns>The batch's pictures, in the order of their seeds.</returns>
    /// <exception cref="InvalidOperationException">The step is over.</exception>
    public IReadOnlyList<RgbImage> Preview(int longestSide = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longestSide, 1);
        return (_decode ?? throw new InvalidOperationException(
            "This step is over; ask for its preview while its report is being handled."))(longestSide);
    }

    internal void Close() => _decode = null;
}
