
namespace NotebookKit.Training.Data;

/// <summary>How a picture is looked at in a step: its bucket, the part that is cut out, and whether it is mirrored.</summary>
/// <param name="Path">The picture's file.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Flipped">Mirrored left to right.</param>
/// <param name="X">Where the part lies, from 0 (left) to 1; 0.5 is the middle.</param>
/// <param name="Y">Where the part lies, from 0 (top) to 1; 0.5 is the middle.</param>
internal readonly record struct PictureView(string Path, int Width, int Height, bool Flipped = false, double X = 0.5, double Y = 0.5)
{
    /// <summary>Whether the view is one of few, so that its latents are worth keeping.</summary>
    public bool IsCentred => X == 0.5 && Y == 0.5;
}
