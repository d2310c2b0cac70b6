using NotebookKit.Images;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// Every picture as the VAE's distribution over latents, mean and standard deviation, encoded once. Each step samples it
/// anew, as if the picture had just been encoded.
/// </summary>
internal sealed class LatentCache : IDisposable
{
    private readonly Tensor _mean; // (N, 4, h, w), times the scaling factor
    private readonly Tensor _std;  // (N, 4, h, w), times the scaling factor

    /// <summary>Decodes, crops and encodes the pictures.</summary>
    /// <param name="sd">The base whose VAE encodes.</param>
    /// <param name="pictures">The picture files.</param>
    /// <param name="size">Side of the centre crop in pixels.</param>
    /// <param name="report">Told the number of pictures that are encoded.</param>
    /// <exception cref="BadInputException">A picture cannot be decoded.</exception>
    public LatentCache(StableDiffusion sd, IReadOnlyList<string> pictures, int size, Action<int>? report = null)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var means = new List<Tensor>();
        var stds = new List<Tensor>();
        foreach (var path in pictures)
        {
            using var inner = NewDisposeScope();
            var image = ImageTensor.ToTensor(RgbImage.Load(path).ResizeAndCenterCrop(size)).unsqueeze(0); // (1, 3, H, W)
            var latents = sd.Vae.Encode(image.to(sd.Device));                                            // (1, 4, h, w)
            means.Add((latents.Mean * sd.Vae.Config.ScalingFactor).cpu().MoveToOuterDisposeScope());
            stds.Add((latents.Std * sd.Vae.Config.ScalingFactor).cpu().MoveToOuterDisposeScope());
            report?.Invoke(means.Count);
        }

        _mean = cat(means).DetachFromDisposeScope();
        _std = cat(stds).DetachFromDisposeScope();
    }

    /// <summary>How many pictures there are.</summary>
    public int Count => (int)_mean.shape[0];

    /// <summary>Draws latents of the chosen pictures: (n, 4, h, w), scaled as the UNet wants them.</summary>
    public Tensor Sample(IReadOnlyList<int> pictures, Generator random)
    {
        var rows = tensor(pictures.Select(picture => (long)picture).ToArray());
        var mean = _mean.index_select(0, rows);
        return mean + (_std.index_select(0, rows) * randn(mean.shape, generator: random));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mean.Dispose();
        _std.Dispose();
    }
}
