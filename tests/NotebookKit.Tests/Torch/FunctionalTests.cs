using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace NotebookKit.Tests.Torch;

public sealed class FunctionalTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    private static void Same(double[] expected, Tensor actual, double tolerance = 1e-5)
    {
        var got = actual.to(ScalarType.Float64).reshape(-1).contiguous().data<double>().ToArray();
        Assert.Equal(expected.Length, got.Length);
        for (var i = 0; i < got.Length; i++)
            Assert.True(Math.Abs(expected[i] - got[i]) <= tolerance, $"element {i}: {got[i]}, not {expected[i]}");
    }

    [Fact]
    public void Convolution_sums_what_the_kernel_covers()
    {
        var image = arange(9, ScalarType.Float32).view(1, 1, 3, 3);
        var kernel = tensor(new float[,] { { 1, 0 }, { 0, 2 } }).view(1, 1, 2, 2);
        Same([8, 11, 17, 20], F.conv2d(image, kernel));
        Same([9, 12, 18, 21], F.conv2d(image, kernel, ones(1)));
        Same([0, 4, 0, 20], F.conv2d(image, kernel, strides: [2, 2], padding: [1, 1]).sub(tensor(new float[,] { { 0, 0 }, { 12, 0 } })));
        Same([1, 2, 0, 3, 6, 4, 0, 6, 8], F.conv_transpose2d(tensor(new float[,] { { 1, 2 }, { 3, 4 } }).view(1, 1, 2, 2), kernel).sub(tensor(new float[,] { { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 } })));
        Same([2, 5, 8], F.conv1d(tensor(new float[] { 0, 1, 2, 3 }).view(1, 1, 4), tensor(new float[] { 1, 2 }).view(1, 1, 2)));
    }

    [Fact]
    public void Normalizations_give_mean_0_and_deviation_1()
    {
        var x = tensor(new float[] { 1, 3, 5, 7 }).view(1, 4, 1);
        Same([-1, 1, -1, 1], F.group_norm(x, 2));
        Same([9, 11, 8, 12], F.group_norm(x, 2, tensor(new float[] { 1, 1, 2, 2 }), full(4, 10.0)));
        var s = Math.Sqrt(5);
        Same([-3 / s, -1 / s, 1 / s, 3 / s], F.layer_norm(x.view(1, 4), [4]));
        Same([0.6, 0.8], F.normalize(tensor(new float[] { 3, 4 }), dim: 0));
        Same([0.6], F.cosine_similarity(tensor(new float[] { 1, 0 }), tensor(new float[] { 3, 4 }), dim: 0));
    }

    [Fact]
    public void Losses_are_those_of_their_formulas()
    {
        var input = tensor(new float[] { 0, 1, 4 });
        var target = tensor(new float[] { 1, 1, 1 });
        Same([10 / 3.0], F.mse_loss(input, target));
        Same([10], F.mse_loss(input, target, nn.Reduction.Sum));
        Same([1, 0, 9], F.mse_loss(input, target, nn.Reduction.None));
        Same([4 / 3.0], F.l1_loss(input, target));
        Same([3 / 3.0], F.smooth_l1_loss(input, target));
        var logits = tensor(new float[,] { { 0, 0 }, { 0, (float)Math.Log(3) } });
        Same([(Math.Log(2) + Math.Log(4 / 3.0)) / 2], F.cross_entropy(logits, tensor(new long[] { 0, 1 })));
        Same([Math.Log(2)], F.binary_cross_entropy_with_logits(zeros(2), tensor(new float[] { 0, 1 })));
        Same([0.25, 0.75], F.softmax(logits[1], 0));
        Same([Math.Log(0.25), Math.Log(0.75)], F.log_softmax(logits[1], 0));
    }

    [Fact]
    public void Pictures_are_enlarged_padded_and_pooled()
    {
        var x = tensor(new float[,] { { 1, 2 }, { 3, 4 } }).view(1, 1, 2, 2);
        Same([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4], F.interpolate(x, scale_factor: [2, 2]));
        Same([1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4], F.interpolate(x, size: [3, 3], mode: InterpolationMode.Bilinear, align_corners: true));
        Same([2.5], F.interpolate(x, size: [1, 1], mode: InterpolationMode.Area));
        Same([0, 1, 2, 0, 3, 4], F.pad(x, [1, 0]));
        Same([1, 2, 2, 3, 4, 4], F.pad(x, [0, 1, 0, 0], PaddingModes.Replicate));
        Same([2.5], F.avg_pool2d(x, 2));
        Same([4], F.max_pool2d(x, 2));
        Same([2.5], F.adaptive_avg_pool2d(x, 1));
        Assert.Throws<ArgumentException>(() => F.interpolate(x));
    }

    [Fact]
    public void Tables_are_looked_up()
    {
        var table = tensor(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } });
        Same([5, 6, 1, 2], F.embedding(tensor(new long[] { 2, 0 }), table));
        Same([0, 0, 1, 1, 0, 0], F.one_hot(tensor(new long[] { 2, 0 }), 3));
    }

    [Fact]
    public void Attention_weighs_values_by_the_likeness_of_keys()
    {
        manual_seed(3);
        var (q, k, v) = (randn(2, 5, 4), randn(2, 3, 4), randn(2, 3, 4));
        var expected = (q.matmul(k.transpose(1, 2)) / 2).softmax(-1).matmul(v);
        Assert.True(F.scaled_dot_product_attention(q, k, v).allclose(expected, atol: 1e-6));
        var causal = F.scaled_dot_product_attention(k, k, v, is_casual: true);
        Assert.True(causal[0, 0].allclose(v[0, 0], atol: 1e-6));
        var masked = F.scaled_dot_product_attention(q, k, v, tensor(new[] { true, false, false }));
        Assert.True(masked.allclose(v.narrow(1, 0, 1).expand(2, 5, 4), atol: 1e-6));
    }

    [Fact]
    public void Dropout_drops_in_training_alone()
    {
        manual_seed(1);
        var x = ones(1000);
        Assert.True(F.dropout(x, 0.4, training: false).Equals(x));
        var dropped = F.dropout(x, 0.4);
        Assert.InRange(dropped.eq(0).sum().item<int>(), 300, 500);
        Assert.Equal(1 / 0.6f, dropped.max().item<float>(), 5);
    }
}
