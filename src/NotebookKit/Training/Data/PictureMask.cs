using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Training.Data;

/// <summary>The part of a picture that counts: white counts, black does not, grey counts in part.</summary>
internal static class PictureMask
{
    /// <summary>Decodes a mask and resizes it as its picture.</summary>
    /// <param name="path">The mask's PNG, of the picture's shape.</param>
    /// <param name="picture">The picture's width and height.</param>
    /// <param name="bucket">The bucket's.</param>
    /// <exception cref="BadInputException">The mask cannot be read, or has another shape than the picture.</exception>
    public static PictureCrop Load(string path, (int Width, int Height) picture, (int Width, int Height) bucket)
    {
        var mask = RgbImage.Load(path);
        if (Math.Abs(((double)mask.Width / mask.Height / picture.Width * picture.Height) - 1) > 0.02)
            throw new BadInputException($"The mask {path} is {mask.Width}×{mask.Height}, another shape than its picture's "
                + $"{picture.Width}×{picture.Height}; draw it over the picture.");
        return PictureCrop.Of(mask, bucket.Width, bucket.Height);
    }

    /// <summary>A mask as the latents' grid sees it.</summary>
    /// <param name="mask">The resized mask.</param>
    /// <param name="path">Its file, for the sentence.</param>
    /// <param name="view">How the picture is looked at; the mask is cut and mirrored alike.</param>
    /// <param name="factor">Pixels per latent, the VAE's factor.</param>
    /// <returns>(1, 1, h, w), of mean 1, so that a picture counts as much with a small mask as with a large one.</returns>
    /// <exception cref="BadInputException">The mask is all black in the view.</exception>
    public static Tensor Of(PictureCrop mask, string path, PictureView view, int factor)
    {
        using var scope = NewDisposeScope();
        var image = ImageTensor.ToTensor(mask.At(view.X, view.Y)).unsqueeze(0); // (1, 3, H, W) in [−1, 1]
        if (view.Flipped)
            image = image.flip(3);
        var share = nn.functional.avg_pool2d((image.mean([1], keepdim: true) + 1) / 2, factor);                          // (1, 1, h, w)
        var mean = share.mean().item<float>();
        if (mean < 1e-4)
            throw new BadInputException($"The mask {path} is black where the picture is used, so nothing would be learned from it; paint "
                + "the subject white, or delete the mask.");
        return (share / mean).MoveToOuterDisposeScope();
    }
}
