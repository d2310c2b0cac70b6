using NotebookKit.Workshop.Pretraining;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>
/// Pictures as a sampler might have drawn them: some blurred, all a little lighter or darker, some with noise, half
/// of the batches mirrored. What the probe will grade is not as clean as what is rendered.
/// </summary>
internal static class ProbeWear
{
    /// <summary>Wears pictures.</summary>
    /// <param name="bytes">(B, 3, S, S), 0 to 255.</param>
    /// <param name="random">Decides on the mirror.</param>
    /// <param name="generator">Draws blur, light and noise.</param>
    /// <returns>(B, 3, S, S), about [-1, 1].</returns>
    public static Tensor Of(Tensor bytes, Random random, Generator generator)
    {
        var images = WorldPictures.ToModel(bytes);
        long[] each = [images.shape[0], 1, 1, 1];
        var blurred = nn.functional.avg_pool2d(images, 3, 1, 1, count_include_pad: false);
        var blur = (rand(each, generator: generator) * 2 - 1).clamp_min(0);
        images = images + ((blurred - images) * blur);
        images = images * (0.9 + (rand(each, generator: generator) * 0.2)) + ((rand(each, generator: generator) - 0.5) * 0.15);
        var noise = (rand(each, generator: generator) - 0.5).clamp_min(0) * 0.3;
        images = images + (randn(images.shape, generator: generator) * noise);
        return random.Next(2) == 1 ? images.flip(3) : images;
    }
}
