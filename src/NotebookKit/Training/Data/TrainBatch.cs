using static TorchSharp.torch;

namespace NotebookKit.Training.Data;

/// <summary>
/// A batch as the loss takes it: the subject's pictures first, then class images. All tensors on the base's device.
/// </summary>
/// <param name="Latents">(B, 4, h, w), scaled.</param>
/// <param name="Noise">(B, 4, h, w).</param>
/// <param name="Timesteps">(B), how much of the noise is mixed in.</param>
/// <param name="Context">(B, 77, D), the prompts' text states.</param>
/// <param name="Instances">How many of the B are the subject's.</param>
public sealed record TrainBatch(Tensor Latents, Tensor Noise, Tensor Timesteps, Tensor Context, int Instances)
{
    /// <summary>How much each of the subject's pictures counts; null for 1 each.</summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>(B, 1, h, w) of mean 1 each: where in the picture the loss counts; null for everywhere alike.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>How many of the B are class images.</summary>
    public int Classes => (int)Latents.shape[0] - Instances;
}
