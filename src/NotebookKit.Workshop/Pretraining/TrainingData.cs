using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>What stages 3 and 4 read: all latents and all encoded captions, on the device, shared by the workers.</summary>
internal sealed class TrainingData
{
    private readonly Tensor _captions;
    private readonly int _captionsPerPicture;
    private readonly long _pictures;

    /// <summary>Puts the data on the device.</summary>
    /// <param name="latents">Float16, (2N, 4, h, w), unscaled: pictures, then their mirror images.</param>
    /// <param name="heldOutLatents">The same for the pictures kept back, without mirror images used.</param>
    /// <param name="vae">Scales the latents.</param>
    /// <param name="captions">All captions over the compact vocabulary.</param>
    /// <param name="captionsPerPicture">Captions of each picture.</param>
    /// <param name="device">Where training runs.</param>
    public TrainingData(Tensor latents, Tensor heldOutLatents, AutoencoderKLConfig vae, CaptionTable captions, int captionsPerPicture,
        Device device)
    {
        using var noGrad = no_grad();
        Captions = captions;
        this._captionsPerPicture = captionsPerPicture;
        _pictures = latents.shape[0] / 2;
        Latents = vae.Scaled(latents.to(device));
        HeldOutLatents = vae.Scaled(heldOutLatents.to(device).to(ScalarType.Float32)).narrow(0, 0, heldOutLatents.shape[0] / 2);
        this._captions = captions.Training.to(device);
        HeldOutCaptions = captions.HeldOut.to(device).to(ScalarType.Int64);
        Empty = captions.Encode("").to(device).to(ScalarType.Int64);
    }

    /// <summary>Scaled latents, float16, (2N, 4, h, w).</summary>
    public Tensor Latents { get; }

    /// <summary>Scaled latents of the pictures kept back, float32, (M, 4, h, w).</summary>
    public Tensor HeldOutLatents { get; }

    /// <summary>Their captions, (M, 77).</summary>
    public Tensor HeldOutCaptions { get; }

    /// <summary>The empty caption, (1, 77).</summary>
    public Tensor Empty { get; }

    /// <summary>The compact vocabulary.</summary>
    public CaptionTable Captions { get; }

    /// <summary>Draws pictures or their mirror images with one of their captions each.</summary>
    /// <param name="size">How many, B.</param>
    /// <param name="random">Decides.</param>
    /// <param name="dropout">The share of captions replaced by the empty one, for classifier-free guidance.</param>
    /// <returns>Float32 latents (B, 4, h, w) and compact ids (B, 77).</returns>
    public (Tensor Latents, Tensor Captions) Batch(int size, Random random, double dropout)
    {
        var rows = new long[size];
        var texts = new long[size];
        var dropped = new bool[size];
        for (var i = 0; i < size; i++)
        {
            var picture = random.NextInt64(_pictures);
            rows[i] = picture + (random.Next(2) * _pictures);
            texts[i] = (picture * _captionsPerPicture) + random.Next(_captionsPerPicture);
            dropped[i] = random.NextDouble() < dropout;
        }
        var device = Latents.device;
        var latents = Latents.index_select(0, tensor(rows, dtype: ScalarType.Int64).to(device)).to(ScalarType.Float32);
        var ids = _captions.index_select(0, tensor(texts, dtype: ScalarType.Int64).to(device)).to(ScalarType.Int64);
        if (dropout > 0)
            ids = where(tensor(dropped).to(device).unsqueeze(1), Empty, ids);
        return (latents, ids);
    }
}
