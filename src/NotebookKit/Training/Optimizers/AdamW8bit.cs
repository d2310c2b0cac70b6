using TorchSharp.Modules;
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
public sealed class AdamW8bit(IEnumerable<OptimizerGroup> groups, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, int smallest = 4096)
    : TrainOptimizer(groups)
{
    // Numbers that are in float32 at once; a whole number of blocks.
    private const long Piece = 1 << 20;

    private protected override void Update(IReadOnlyList<OptimizerGroup> groups)
    {
        foreach (var group in groups)
        {
            foreach (var parameter in group.Parameters)
            {
                using var scope = NewDisposeScope();
                if (GradientOf(parameter) is { } gradient)
                    Move(parameter, gradient, group);
            }
        }
    }

    private void Move(Parameter parameter, Tensor gradient, OptimizerGroup group)
    {
        var state = StateOf(parameter);
        state.Step++;
        var count = parameter.numel();
        var weights = parameter.detach().view(-1);
        var slopes = gradient.contiguous().view(-1);
        if (count < smallest)
        {
            Piecewise(weights, slopes, state.Get("exp_avg", () => zeros_like(slopes)), state.Get("exp_avg_sq", () => zeros_like(slopes)), state.Step, group);
            return;
        }

        var blocks = (count + BlockwiseQuantization.BlockSize - 1) / BlockwiseQuantization.BlockSize;
        var firstScales = state.Get("exp_avg_scale", () => zeros([blocks], device: weights.device));
        var secondScales = state.Get("exp_avg_sq_scale", () => zeros([blocks], device: weights.device));
        var firstCodes = state.Get("exp_avg", () => zeros([count], ScalarType.Byte, weights.device));
        var secondCodes = state.Get("exp_avg_sq", () => zeros([count], ScalarType.Byte, weights.device));
        for (var start = 0L; start < count; start += Piece)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(Piece, count - start);
            var (block, blockCount) = (start / BlockwiseQuantization.BlockSize, (length + BlockwiseQuantization.BlockSize - 1) / BlockwiseQuantization.BlockSize);
            var codes1 = firstCodes.narrow(0, start, length);
            var codes2 = secondCodes.narrow(0, start, length);
            var scales1 = firstScales.narrow(0, block, blockCount);
            var scales2 = secondScales.narrow(0, block, blockCount);
            var first = BlockwiseQuantization.Dequantize(codes1, scales1, signed: true);
            var second = BlockwiseQuantization.Dequantize(codes2, scales2, signed: false);
            Piecewise(weights.narrow(0, start, length), slopes.narrow(0, start, length), first, second, state.Step, group);
            Put(first, signed: true, codes1, scales1);
            Put(second, signed: false, codes2, scales2);
        }
    }

    private static void Put(Tensor values, bool signed, Tensor codes, Tensor scales)
    {
        var (newCodes, newScales) = BlockwiseQuantization.Quantize(values, signed);
        codes.copy_(newCodes);
        scales.copy_(newScales);
    }

    // AdamW on flat views: (n) each.
    private void Piecewise(Tensor weights, Tensor gradient, Tensor first, Tensor second, long step, OptimizerGroup group)
    {
        first.mul_(beta1).add_(gradient, 1 - beta1);
        second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        var denominator = second.sqrt().div_(Math.Sqrt(1 - Math.Pow(beta2, step))).add_(eps);
        weights.mul_(1 - (group.LearningRate * group.WeightDecay));
        weights.addcdiv_(first, denominator, -group.LearningRate / (1 - Math.Pow(beta1, step)));
    }
}
