using static TorchSharp.torch;

namespace NotebookKit.Images;

/// <summary>Pictures as tensors and back. A byte v is v / 127.5 − 1, the range that Stable Diffusion's VAE was trained on.</summary>
public static class ImageTensor
{
    /// <summary>A picture as a float32 tensor (3, H, W) on the processor, values in [−1, 1].</summary>
    /// <param name="image">The picture.</param>
    public static Tensor ToTensor(RgbImage image)
    {
        var plane = image.Width * image.Height;
        var values = new float[3 * plane];
        for (var i = 0; i < plane; i++)
        {
            for (var c = 0; c < 3; c++)
                values[c * plane + i] = image.Pixels[3 * i + c] / 127.5f - 1;
        }

        return tensor(values, [3L, image.Height, image.Width]);
    }

    /// <summary>A tensor as a picture: clamped to [−1, 1], rounded to the nearest of 256 values.</summary>
    /// <param name="image">(3, H, W), any floating type, any device.</param>
    /// <exception cref="ArgumentException">The tensor is not (3, H, W).</exception>
    public static RgbImage FromTensor(Tensor image)
    {
        if (image.dim() != 3 || image.shape[0] != 3)
            throw new ArgumentException($"A picture is a tensor (3, H, W), not ({string.Join(", ", image.shape)}); take one picture out "
                + "of a batch by its index.");
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var values = image.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        var picture = new RgbImage((int)image.shape[2], (int)image.shape[1]);
        var plane = picture.Width * picture.Height;
        for (var i = 0; i < plane; i++)
        {
            for (var c = 0; c < 3; c++)
                picture.Pixels[3 * i + c] = (byte)MathF.Round(Math.Clamp(values[c * plane + i], -1f, 1f) * 127.5f + 127.5f);
        }

        return picture;
    }
}
