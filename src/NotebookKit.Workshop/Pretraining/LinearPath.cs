using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>
/// Writes a linear code of patches into the encoder of an ordinary VAE, so that its latents are those of the code from
/// the first update on and the network only has to learn what a linear code cannot say. A third of each level's channels
/// carries it past the network: first the picture itself; at each downsampler what a square of four becomes under the
/// code, squeezed into as many numbers as fit (singular value decomposition); at the last level each latent l as a pair
/// +l and −l. A constant pair ±16 beside them in each group makes the last norm divide by nearly the same for every
/// picture, and silu(l) − silu(−l) is l, so that the last convolution gets l back from both.
/// </summary>
internal static class LinearPath
{
    private const float Anchor = 16;

    /// <summary>The first of a level's channels that carry the code: those before it are the network's own.</summary>
    public static int First(int channels) => channels * 2 / 3;

    /// <summary>Writes the code. All else of the encoder keeps its random weights, but starts without a say in the latents'
    /// means.</summary>
    /// <param name="vae">A fresh VAE.</param>
    /// <param name="weight">The code, (L, 3, p, p).</param>
    /// <param name="bias">What is added, (L).</param>
    public static void Write(AutoencoderKL vae, Tensor weight, Tensor bias)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var named = vae.named_parameters().Where(p => p.name.StartsWith("encoder.", StringComparison.Ordinal))
            .ToDictionary(p => p.name["encoder.".Length..], p => (Tensor)p.parameter);
        var channels = vae.Config.BlockOutChannels;
        foreach (var (name, value) in named)
            Silence(name, value, channels);

        named["conv_in.weight"].narrow(0, First(channels[0]), 3).narrow(1, 0, 3).select(3, 1).select(2, 1).copy_(eye(3));
        var (carried, code) = (3, weight.to(ScalarType.Float64).cpu());
        for (var level = 0; level < channels.Count - 1; level++)
        {
            var (basis, left) = Squeeze(code, level == channels.Count - 2 ? null : channels[level] - First(channels[level]));
            var first = First(channels[level]);
            named[$"down_blocks.{level}.downsamplers.0.conv.weight"].narrow(0, first, basis.shape[0]).narrow(1, first, carried)
                .narrow(2, 0, 2).narrow(3, 0, 2).copy_(basis);
            (carried, code) = ((int)basis.shape[0], left);
            if (level < channels.Count - 2)
                PassOn(named, level + 1, channels, carried);
            else
                named[$"down_blocks.{level}.downsamplers.0.conv.bias"].narrow(0, first, carried).copy_(bias);
        }

        Split(named, channels, carried, vae.Config.NormNumGroups);
    }

    /// <summary>A code of p×p patches (L, C, p, p) in two steps: what each square of 2×2 becomes, (R, C, 2, 2), and the code of that, (L,
    /// R, p/2, p/2).</summary>
    /// <param name="code">The code.</param>
    /// <param name="most">The most numbers that a square may become; null for the last step, after which the code is the numbers
    /// themselves.</param>
    internal static (Tensor Basis, Tensor Left) Squeeze(Tensor code, int? most)
    {
        var (latents, channels, half) = (code.shape[0], code.shape[1], code.shape[2] / 2);
        if (most is null)
            return (code, code);
        var squares = code.view(latents, channels, half, 2, half, 2).permute(0, 2, 4, 1, 3, 5).reshape(latents * half * half, channels * 4);
        var (_, _, directions) = linalg.svd(squares, fullMatrices: false);
        var basis = directions.narrow(0, 0, Math.Min(most.Value, directions.shape[0]));
        var left = squares.mm(basis.transpose(0, 1)).view(latents, half, half, -1).permute(0, 3, 1, 2).contiguous();
        return (basis.view(-1, channels, 2, 2), left);
    }

    // Nothing is written into the code's channels but the code itself.
    private static void Silence(string name, Tensor value, IReadOnlyList<int> channels)
    {
        var ends = name.Contains("conv2.", StringComparison.Ordinal) || name.Contains("conv_shortcut.", StringComparison.Ordinal)
            || name.Contains("downsamplers.", StringComparison.Ordinal) || name.Contains("to_out.", StringComparison.Ordinal)
            || name.StartsWith("conv_in.", StringComparison.Ordinal);
        var width = (int)value.shape[0];
        if (name.StartsWith("conv_out.", StringComparison.Ordinal))
            value.zero_();
        else if (ends && channels.Contains(width))
            value.narrow(0, First(width), width - First(width)).zero_();
    }

    // A level's block hands the code on: by its identity where the width stays, by its shortcut where it grows.
    private static void PassOn(Dictionary<string, Tensor> named, int level, IReadOnlyList<int> channels, int carried)
    {
        if (named.TryGetValue($"down_blocks.{level}.resnets.0.conv_shortcut.weight", out var shortcut))
            shortcut.narrow(0, First(channels[level]), carried).narrow(1, First(channels[level - 1]), carried)
                .copy_(eye(carried).view(carried, carried, 1, 1));
    }

    private static void Split(Dictionary<string, Tensor> named, IReadOnlyList<int> channels, int latents, int groups)
    {
        var (width, level) = (channels[^1], channels.Count - 1);
        var (group, first, before) = (width / groups, First(width), First(channels[^2]));
        var fit = (group - 2) / 2;
        var shortcut = named[$"down_blocks.{level}.resnets.0.conv_shortcut.weight"];
        var constant = named[$"down_blocks.{level}.resnets.0.conv_shortcut.bias"];
        var (gain, last) = (named["conv_norm_out.weight"], named["conv_out.weight"]);
        var spread = MathF.Sqrt(((2 * Anchor * Anchor) + (2 * fit)) / group); // the latents have about unit variance
        for (var latent = 0; latent < latents; latent++)
        {
            var (start, plus) = (first + (latent / fit * group), first + (latent / fit * group) + (2 * (latent % fit)));
            for (var sign = 0; sign < 2; sign++)
            {
                shortcut[plus + sign, before + latent] = 1f - (2 * sign);
                gain[plus + sign] = spread;
                last[latent, plus + sign, 1, 1] = 1f - (2 * sign);
                constant[start + (2 * fit) + sign] = Anchor * (1f - (2 * sign));
            }
        }
    }
}
