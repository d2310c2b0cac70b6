using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// Sinusoidal embedding of the timestep (Ho et al. 2020, after Vaswani et al. 2017), as diffusers' <c>Timesteps</c>:
/// half cosines, half sines of the timestep at geometrically spaced frequencies from 1 down to 1/10000.
/// </summary>
public sealed class Timesteps : Module<Tensor, Tensor>
{
    private const double MaxPeriod = 10_000;
    private readonly int channels;
    private readonly bool flipSinToCos;
    private readonly double freqShift;

    /// <summary>Makes the embedding.</summary>
    /// <param name="channels">Width of the embedding.</param>
    /// <param name="flipSinToCos">Cosines first, as Stable Diffusion does; otherwise sines first.</param>
    /// <param name="freqShift">Subtracted from the half width in the exponent; 0 in Stable Diffusion.</param>
    public Timesteps(int channels, bool flipSinToCos = true, double freqShift = 0) : base(nameof(Timesteps))
    {
        this.channels = channels;
        this.flipSinToCos = flipSinToCos;
        this.freqShift = freqShift;
        RegisterComponents();
    }

    /// <summary>Embeds timesteps.</summary>
    /// <param name="timesteps">(B), whole or broken numbers from 0 to 999.</param>
    /// <returns>(B, channels) in float32, whatever the model's type: half precision can't tell 998 from 999.</returns>
    public override Tensor forward(Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var half = channels / 2;
        // Float32 from the first step on: the phase of t = 999 must be the reference's, rounding included.
        var exponent = arange(0, half, ScalarType.Float32, timesteps.device) * -Math.Log(MaxPeriod) / (half - freqShift);
        var phase = timesteps.to(ScalarType.Float32).unsqueeze(1) * exponent.exp(); // (B, half)
        var (first, second) = flipSinToCos ? (phase.cos(), phase.sin()) : (phase.sin(), phase.cos());
        var embedding = cat([first, second], 1); // (B, 2·half)
        if (channels % 2 == 1)
            embedding = functional.pad(embedding, [0L, 1L]);
        return embedding.MoveToOuterDisposeScope();
    }
}
