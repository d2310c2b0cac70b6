using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>The part of a picture that counts: white counts, black does not, grey counts in part.</summary>
internal static class PictureMask
{
    /// <summary>A mask as the latents' grid sees it.</summary>
    /// <param name="path">The mask's PNG, of the picture's shape.</param>
    /// <param name="view">How the picture is looked at; the mask is cut and mirrored alike.</param>
    /// <param name="factor">Pixels per latent, the VAE's factor.</param>
    /// <returns>(1, 1, h, w), of mean 1, so that a picture counts as much with a small mask as with a large one.</returns>
    /// <exception cref="BadInputException">The mask cannot be read, is all black, or has another shape than the picture.</exception>
    public static Tensor Load(string path, PictureView view, int factor)
    {
        using var scope = NewDisposeScope();
        var picture = RgbImage.Load(view.Path);
        var mask = RgbImage.Load(path);
        if (Math.Abs(((double)mask.Width / mask.Height / picture.Width * picture.Height) - 1) > 0.02)
            throw new BadInputException($"The mask {path} is {mask.Width}×{mask.Height}, another shape than its picture's {picture.Width}×{picture.Height}; draw it over the picture.");
        var image = ImageTensor.ToTensor(PictureCrop.Of(mask, view.Width, view.Height).At(view.X, view.Y)).unsqueeze(0); // (1, 3, H, W) in [−1, 1]
        if (view.Flipped)
            image = image.flip(3);
        var share = nn.functional.avg_pool2d((image.mean([1], keepdim: true) + 1) / 2, factor);                          // (1, 1, h, w)
        var mean = share.mean().item<float>();
        if (mean < 1e-4)
            throw new BadInputException($"The mask {path} is black where the picture is used, so nothing would be learned from it; paint the subject white, or delete the mask.");
        return (share / mean).MoveToOuterDisposeScope();
    }
}
