using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// AdamW (Loshchilov &amp; Hutter 2019) whose two averages are kept in 8 bits each by <see cref="BlockwiseQuantization"/>
/// (Dettmers et al. 2022): a quarter of the memory. Each step takes a piece of them up to float32, moves the weights with
/// it, and puts it back. Tensors of fewer than <paramref name="smallest"/> numbers stay in float32, as in bitsandbytes.
/// </summary>
/// <param name="groups">What is trained; float32 weights.</param>
/// <param name="beta1">How slowly the average of gradients moves, in [0, 1).</param>
/// <param name="beta2">How slowly the average of their squares moves, in [0, 1).</param>
/// <param name="eps">Added to the root of the average of squares.</param>
/// <param name="smallest">Tensors with fewer numbers are not quantised.</param>
public sealed class AdamW8bit(IEnumerable<OptimizerGroup> groups, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
    int smallest = 4096)
    : TrainOptimizer(groups)
{
    // Numbers that are in float32 at once; a whole number of blocks.
    private const long Most = 1 << 20;

    private protected override IReadOnlyList<string> Kept => ["exp_avg", "exp_avg_sq", "exp_avg_scale", "exp_avg_sq_scale"];

    private protected override void Update(double factor)
    {
        foreach (var (group, state) in Learning)
        {
            state.Step++;
            foreach (var stretch in Stretches(group))
                Move(group, state, stretch, factor);
        }
    }

    // Each large tensor, and each run of small ones between them.
    private IEnumerable<(long First, long Count, bool Quantized)> Stretches(OptimizerGroup group)
    {
        var (at, small) = (0L, 0L);
        foreach (var count in group.Parameters.Select(parameter => parameter.numel()))
        {
            if (count < smallest)
            {
                small += count;
                continue;
            }

            if (small > 0)
                yield return (at, small, false);
            yield return (at + small, count, true);
            (at, small) = (at + small + count, 0);
        }

        if (small > 0)
            yield return (at, small, false);
    }

    private void Move(OptimizerGroup group, GroupState state, (long First, long Count, bool Quantized) stretch, double factor)
    {
        var (start, count, _) = stretch;
        var device = group.Weights.device;
        if (!stretch.Quantized)
        {
            var (plain1, plain2) = (state.Get($"exp_avg.{start}", () => zeros([count], device: device)),
                state.Get($"exp_avg_sq.{start}", () => zeros([count], device: device)));
            ForEachPiece(group, factor, start, count, Most, piece =>
                AdamW.Move(piece, plain1.narrow(0, piece.Start - start, piece.Length), plain2.narrow(0, piece.Start - start, piece.Length),
                    state.Step, group, (beta1, beta2, eps)));
            return;
        }

        var blocks = (count + BlockwiseQuantization.BlockSize - 1) / BlockwiseQuantization.BlockSize;
        var (scales1, scales2) = (state.Get($"exp_avg_scale.{start}", () => zeros([blocks], device: device)),
            state.Get($"exp_avg_sq_scale.{start}", () => zeros([blocks], device: device)));
        var (codes1, codes2) = (state.Get($"exp_avg.{start}", () => zeros([count], ScalarType.Byte, device)),
            state.Get($"exp_avg_sq.{start}", () => zeros([count], ScalarType.Byte, device)));
        ForEachPiece(group, factor, start, count, Most, piece =>
        {
            var (from, block) = (piece.Start - start, (piece.Start - start) / BlockwiseQuantization.BlockSize);
            var length = (piece.Length + BlockwiseQuantization.BlockSize - 1) / BlockwiseQuantization.BlockSize;
            var (c1, s1) = (codes1.narrow(0, from, piece.Length), scales1.narrow(0, block, length));
            var (c2, s2) = (codes2.narrow(0, from, piece.Length), scales2.narrow(0, block, length));
            var first = BlockwiseQuantization.Dequantize(c1, s1, signed: true);
            var second = BlockwiseQuantization.Dequantize(c2, s2, signed: false);
            AdamW.Move(piece, first, second, state.Step, group, (beta1, beta2, eps));
            Put(first, signed: true, c1, s1);
            Put(second, signed: false, c2, s2);
        });
    }

    private static void Put(Tensor values, bool signed, Tensor codes, Tensor scales)
    {
        var (newCodes, newScales) = BlockwiseQuantization.Quantize(values, signed);
        codes.copy_(newCodes);
        scales.copy_(newScales);
    }
}
