using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace NotebookKit.Tests.Torch;

/// <summary>Gradients against finite differences in float64.</summary>
public sealed class GradientTests
{
    private static readonly Dictionary<string, (Func<Tensor[], Tensor> Function, long[][] Shapes)> Cases = new()
    {
        ["add, sub, mul, div"] = (x => (x[0] + x[1]) * x[0] / (x[1] * x[1] + 1) - x[1], [[3], [2, 3]]),
        ["numbers"] = (x => 2 * x[0] + 1 / (x[0] * x[0] + 2) - (3 - x[0]) / 4, [[4]]),
        ["in place"] = (x => (x[0] * 1).mul_(x[1]).add_(x[1], 0.5).addcmul_(x[0], x[1], 2).div_(x[1].square() + 1), [[3], [3]]),
        ["addcdiv, lerp"] = (x => x[0].addcdiv(x[1], x[0].square() + 1, 2).lerp(x[1], 0.3), [[3], [3]]),
        ["exp, log"] = (x => x[0].exp() + (x[0].square() + 1).log(), [[4]]),
        ["sqrt, rsqrt"] = (x => (x[0].square() + 1).sqrt() + (x[0].square() + 2).rsqrt(), [[4]]),
        ["sin, cos, tanh, sigmoid, erf"] = (x => x[0].sin() + x[0].cos() * x[0].tanh() + x[0].sigmoid() + x[0].erf(), [[4]]),
        ["logarithms"] = (x => x[0].square().log1p() + (x[0].square() + 1).log2() * (x[0].square() + 2).log10() + x[0].expm1(), [[4]]),
        ["angles"] = (x => (x[0] / 4).tan() + (x[0] / 4).asin() * (x[0] / 4).acos() + x[0].atan() + x[0].atan2(x[1]) + x[0].sinh() - x[0].cosh(), [[4], [4]]),
        ["erfinv, reciprocal, remainder"] = (x => (x[0] / 4).erfinv() + (x[0].square() + 1).reciprocal() + x[0].remainder(x[1].abs() + 10), [[3], [3]]),
        ["pow, abs, clamp"] = (x => (x[0].square() + 1).pow(1.7) + x[0].abs() + x[0].clamp(-0.5, 0.5), [[4]]),
        ["maximum, minimum, where"] = (x => x[0].maximum(x[1]) * 2 + x[0].minimum(x[1]) + where(x[0].gt(0), x[0] * 3, x[1]), [[4], [4]]),
        ["silu, gelu, relu, leaky_relu"] = (x => F.silu(x[0]) + F.gelu(x[0]) + F.relu(x[0]) + F.leaky_relu(x[0], 0.2), [[5]]),
        ["gelu by tanh"] = (x => F.gelu(x[0], TorchSharp.Modules.GELU.Approximate.tanh), [[5]]),
        ["softmax, log_softmax"] = (x => x[0].softmax(-1) * x[1] + F.log_softmax(x[0], 0), [[2, 3], [2, 3]]),
        ["sum, mean, var, std"] = (x => x[0].sum(0) * x[0].mean([0]) + x[0].var(0) + x[0].std(0, unbiased: false), [[4, 3]]),
        ["max, min, norm, prod"] = (x => x[0].max() * x[0].min() + x[0].norm() + x[0].prod(0).sum() + x[0].amax([1]).sum(), [[2, 3]]),
        ["cumsum, cumprod, logsumexp"] = (x => x[0].cumsum(0) * x[0].cumprod(0) + x[0].logsumexp(0), [[4]]),
        ["topk, sort"] = (x => x[0].topk(2).values.sum() * 2 + (x[0].sort().Values * arange(4)).sum(), [[4]]),
        ["views"] = (x => x[0].view(3, 2).t().reshape(6).unsqueeze(0).expand(2, 6).permute(1, 0) * x[1], [[6], [6, 2]]),
        ["cat, stack, chunk, split"] = (x => cat([x[0], x[0].chunk(2)[1] * 2]).sum() + stack([x[0], x[1]]).square().sum() + x[1].split(1)[2].sum(), [[4], [4]]),
        ["index, narrow, select, gather"] = (x => x[0][.., 1..].sum() * x[0].narrow(0, 1, 1) + x[0][TensorIndex.Ellipsis, 0].sum() + x[0].gather(1, tensor(new long[,] { { 2 }, { 0 } })), [[2, 3]]),
        ["index_select, roll, flip, repeat"] = (x => x[0].index_select(0, tensor(new long[] { 2, 0, 2 })) * x[0].roll(1, 0) + x[0].flip(0).repeat(2).sum() + x[0].repeat_interleave(3).square().sum(), [[3]]),
        ["index_put"] = (x => Put(x[0] * 1, x[1]).square(), [[2, 3], [3]]),
        ["masked_fill, triu"] = (x => x[0].masked_fill(x[0].gt(0), 2) + x[0].triu().square() + x[0].tril(), [[3, 3]]),
        ["matmul, bmm, mm"] = (x => x[0].matmul(x[1]).bmm(x[0]) + x[0][0].mm(x[1][0]).sum(), [[2, 2, 3], [2, 3, 2]]),
        ["baddbmm, addmm, outer, einsum"] = (x => x[0].addmm(x[1], x[2], 0.5f, 2f) + einsum("ij,jk->ik", x[1], x[2]) + x[0][0].outer(x[0][1]) + x[0].unsqueeze(0).baddbmm(x[1].unsqueeze(0), x[2].unsqueeze(0)), [[2, 2], [2, 3], [3, 2]]),
        ["svd"] = (x => linalg.svd(x[0], fullMatrices: false).S, [[3, 2]]),
        ["linear"] = (x => F.linear(x[0], x[1], x[2]), [[2, 3], [4, 3], [4]]),
        ["conv2d"] = (x => F.conv2d(x[0], x[1], x[2], strides: [2, 1], padding: [1, 0]), [[1, 2, 4, 3], [3, 2, 3, 2], [3]]),
        ["conv2d in groups"] = (x => F.conv2d(x[0], x[1], dilation: [2, 2], groups: 2), [[1, 2, 4, 4], [2, 1, 2, 2]]),
        ["conv1d"] = (x => F.conv1d(x[0], x[1], x[2]), [[1, 2, 4], [3, 2, 2], [3]]),
        ["conv_transpose2d"] = (x => F.conv_transpose2d(x[0], x[1], x[2], strides: [2, 2]), [[1, 2, 2, 2], [2, 3, 2, 2], [3]]),
        ["group_norm"] = (x => F.group_norm(x[0], 2, x[1], x[2]) * x[0], [[2, 4, 3], [4], [4]]),
        ["layer_norm"] = (x => F.layer_norm(x[0], [4], x[1], x[2]) * x[0], [[3, 4], [4], [4]]),
        ["embedding"] = (x => F.embedding(tensor(new long[] { 1, 0, 1 }), x[0]).square(), [[3, 2]]),
        ["interpolate nearest"] = (x => F.interpolate(x[0], scale_factor: [2, 2]).square(), [[1, 1, 2, 3]]),
        ["interpolate bilinear"] = (x => F.interpolate(x[0], size: [3, 5], mode: InterpolationMode.Bilinear).square(), [[1, 1, 2, 3]]),
        ["interpolate bicubic, antialiased"] = (x => F.interpolate(x[0], size: [2, 2], mode: InterpolationMode.Bicubic, antialias: true).square(), [[1, 1, 4, 4]]),
        ["pad"] = (x => F.pad(x[0], [1, 2, 0, 1]).square() + F.pad(x[0], [1, 2, 0, 1], PaddingModes.Replicate), [[1, 1, 2, 3]]),
        ["pooling"] = (x => F.avg_pool2d(x[0], 2).square() + F.max_pool2d(x[0], 2) * F.adaptive_avg_pool2d(x[0], 2), [[1, 1, 4, 4]]),
        ["normalize, cosine_similarity"] = (x => F.normalize(x[0], dim: 1) * x[1] + F.cosine_similarity(x[0], x[1]).unsqueeze(1), [[2, 3], [2, 3]]),
        ["pixel_shuffle, unfold"] = (x => F.pixel_shuffle(x[0], 2).square().sum() + F.unfold(x[0], 2).square().sum() + F.pixel_unshuffle(x[0], 2).square(), [[1, 4, 2, 2]]),
        ["scatter, diagonal, movedim, unfold"] = (x => x[0].scatter(1, tensor(new long[,] { { 1 }, { 0 } }), x[1]).square() + x[0].diagonal().sum() + x[0].movedim(0, 1).unfold(0, 2, 1).square().sum(), [[2, 2], [2, 1]]),
        ["attention"] = (x => F.scaled_dot_product_attention(x[0], x[1], x[2]), [[1, 2, 3], [1, 4, 3], [1, 4, 2]]),
        ["mse, l1, smooth_l1"] = (x => F.mse_loss(x[0], x[1]) + F.l1_loss(x[0], x[1]) + F.smooth_l1_loss(x[0], x[1], beta: 0.7), [[5], [5]]),
        ["huber, nll, kl"] = (x => F.huber_loss(x[0], x[1], 0.7) + F.nll_loss(x[0].log_softmax(1), tensor(new long[] { 0, 2 })) + F.kl_div(x[0].log_softmax(1), x[1].log_softmax(1)), [[2, 3], [2, 3]]),
        ["solve, inv, det, cholesky, eigh, qr"] = (x => linalg.solve(x[0], x[1]).sum() + linalg.inv(x[0]).square().sum() + linalg.det(x[0]) + linalg.qr(x[0]).R.square().sum() + linalg.eigh(x[0] + x[0].t()).Item1.pow(3).sum() + linalg.cholesky(x[0].matmul(x[0].t()) + eye(3, dtype: ScalarType.Float64)).sum(), [[3, 3], [3, 1]]),
        ["cross_entropy, bce"] = (x => F.cross_entropy(x[0], tensor(new long[] { 0, 2 })) + F.binary_cross_entropy_with_logits(x[0], ones_like(x[0]) * 0.3), [[2, 3]]),
        ["custom function"] = (x => CustomFunctionTests.Cube.apply(x[0]) * x[0], [[3]]),
        ["checkpoint"] = (x => NotebookKit.Torch.GradientCheckpoint.Run(y => (y[0] * y[1]).sin(), x[0], x[1]) * x[0], [[3], [3]]),
    };

    public static TheoryData<string> Names() => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_are_those_of_finite_differences(string name)
    {
        using var scope = NewDisposeScope();
        var (function, shapes) = Cases[name];
        manual_seed(7);
        var inputs = shapes.Select(shape => randn(shape, ScalarType.Float64).requires_grad_()).ToArray();
        // A random direction for each output element: a sum would hide errors that cancel.
        Tensor? weights = null;
        Tensor Loss()
        {
            var result = function(inputs);
            if (weights is null)
            {
                using var fixedWeights = new Generator(11);
                weights = rand(result.shape, ScalarType.Float64, generator: fixedWeights) + 0.5;
            }

            return (result * weights).sum();
        }

        Loss().backward();
        const double h = 1e-6;
        for (var k = 0; k < inputs.Length; k++)
        {
            var grad = inputs[k].grad!.contiguous().data<double>().ToArray();
            var data = inputs[k].data<double>();
            for (var i = 0; i < grad.Length; i++)
            {
                using var noGrad = no_grad();
                using var inner = NewDisposeScope();
                var old = data[i];
                data[i] = old + h;
                var up = Loss().item<double>();
                data[i] = old - h;
                var down = Loss().item<double>();
                data[i] = old;
                var numeric = (up - down) / (2 * h);
                Assert.True(Math.Abs(numeric - grad[i]) <= 1e-6 * Math.Max(1, Math.Abs(numeric)) + 1e-7, $"input {k}, element {i}: {grad[i]}, by differences {numeric}");
            }
        }
    }

    private static Tensor Put(Tensor target, Tensor row)
    {
        target[0] = row * 2;
        target[1, 1..] = row[..2];
        return target;
    }
}
