using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

/// <summary>Values against those computed by hand.</summary>
public sealed class OperatorTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    private static void Same(double[] expected, Tensor actual, double tolerance = 1e-6)
    {
        var got = actual.detach().to(ScalarType.Float64).reshape(-1).contiguous().data<double>().ToArray();
        Assert.Equal(expected.Length, got.Length);
        for (var i = 0; i < got.Length; i++)
            Assert.True(Math.Abs(expected[i] - got[i]) <= tolerance, $"element {i}: {got[i]}, not {expected[i]}");
    }

    [Fact]
    public void Every_operator_in_use_but_the_fused_attention_exists_in_libtorch_1_13()
    {
        var ops = typeof(torch).Assembly.GetType("TorchSharp.Ops")!;
        var missing = ops.GetFields()
            .Select(f => f.GetValue(null)!)
            .Where(op => !(bool)op.GetType().GetProperty("Exists")!.GetValue(op)!)
            .Select(op => (string)op.GetType().GetProperty("Name")!.GetValue(op)!)
            .Except(["scaled_dot_product_attention"]);
        Assert.Empty(missing);
    }

    [Fact]
    public void Arithmetic_takes_tensors_and_numbers_on_both_sides()
    {
        var a = tensor(new[] { 1f, 2f, 4f });
        var b = tensor(new[] { 2f, 2f, 8f });
        Same([3, 4, 12], a + b);
        Same([-1, 0, -4], a - b);
        Same([2, 4, 32], a * b);
        Same([0.5, 1, 0.5], a / b);
        Same([2, 3, 5], a + 1);
        Same([2, 3, 5], 1 + a);
        Same([-1, -2, -4], -a);
        Same([9, 8, 6], 10 - a);
        Same([8, 4, 2], 8 / a);
        Same([0.5, 1, 2], a / 2);
        Same([1, 0, 0], a % 2);
        Same([1, 4, 16], a.pow(2));
        Same([1.5, 2, 6], a.lerp(b, 0.5));
        Same([5, 6, 36], a.addcmul(a, b, 2).sub(tensor(new[] { 0f, 4f, 32f })));
        Same([1, 2, 3], a.clamp(max: 3));
        Same([3, 4, 8], a.add(b, 0.5).sub(tensor(new[] { -1f, -1f, 0f })));
        Assert.Equal(ScalarType.Float32, (a * 0.5).dtype);
        Assert.Equal(ScalarType.Float32, (tensor(new[] { 1, 2 }) / 2).dtype);
        Assert.Equal(ScalarType.Int64, (arange(3) * 2).dtype);
    }

    [Fact]
    public void In_place_operators_change_the_tensor_and_give_it_back()
    {
        var a = tensor(new[] { 1f, 2f, 4f });
        Assert.Same(a, a.add_(1));
        Same([2, 3, 5], a);
        a.mul_(2).sub_(ones(3)).div_(tensor(new[] { 1f, 5f, 3f }));
        Same([3, 1, 3], a);
        a.addcmul_(ones(3), ones(3), 2).addcdiv_(ones(3), full(3, 2.0), 4);
        Same([7, 5, 7], a);
        a.lerp_(zeros(3), 0.5).clamp_(0, 3);
        Same([3, 2.5, 3], a);
        a.copy_(arange(3)).fill_(2).zero_();
        Same([0, 0, 0], a);
    }

    [Fact]
    public void Functions_of_one_element_are_those_of_the_mathematics()
    {
        double[] x = [-1.5, -0.2, 0.3, 2];
        var t = tensor(x);
        var positive = tensor(new[] { 0.1, 1, 2, 9 });
        Same([.. x.Select(Math.Exp)], t.exp());
        Same([.. x.Select(Math.Sin)], t.sin());
        Same([.. x.Select(Math.Cos)], t.cos());
        Same([.. x.Select(Math.Tanh)], t.tanh());
        Same([.. x.Select(v => 1 / (1 + Math.Exp(-v)))], t.sigmoid());
        Same([.. x.Select(v => v / (1 + Math.Exp(-v)))], nn.functional.silu(t));
        Same([.. x.Select(Math.Abs)], t.abs());
        Same([-2, -1, 0, 2], t.floor());
        Same([-2, 0, 0, 2], t.round());
        Same([-1, -1, 1, 1], t.sign());
        Same([Math.Log(0.1), 0, Math.Log(2), Math.Log(9)], positive.log());
        Same([Math.Sqrt(0.1), 1, Math.Sqrt(2), 3], positive.sqrt());
        Same([1 / Math.Sqrt(0.1), 1, 1 / Math.Sqrt(2), 1 / 3.0], positive.rsqrt());
        Same([0.8427007929497149], tensor(1.0).erf());
        Same([0.5 * (1 + 0.6826894921370859)], nn.functional.gelu(tensor(1.0)));
        Same([0, 0, 0.3, 2], nn.functional.relu(t));
        Same([-0.15, -0.02, 0.3, 2], nn.functional.leaky_relu(t, 0.1));
    }

    [Fact]
    public void Reductions_reduce_all_or_the_axes_named()
    {
        var m = tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 9 } });
        Same([24], m.sum());
        Same([5, 7, 12], m.sum(0));
        Same([6, 18], m.sum([1]));
        Assert.Equal([2, 1], m.sum(1, keepdim: true).shape);
        Same([4], m.mean());
        Same([2, 6], m.mean([1]));
        Same([1, 7], m.var(1));
        Same([Math.Sqrt(2 / 3.0), Math.Sqrt(14 / 3.0)], m.std(1, unbiased: false));
        Same([9], m.max());
        Same([1], m.min());
        Same([5], m.argmax());
        Same([1, 1, 1], m.argmax(0));
        var (values, indexes) = m.max(1);
        Same([3, 9], values);
        Same([2, 2], indexes);
        Same([Math.Sqrt(136)], m.norm(), 1e-5);
        Same([1080], m.prod());
        Same([1, 3, 6, 4, 9, 18], m.cumsum(1));
        Same([1, 2, 6, 4, 20, 180], m.cumprod(1));
        Same([3, 2, 9, 5], m.topk(2).values);
        Same([9, 5, 4], m[1].sort(descending: true).Values);
        Same([2, 5], m.quantile(tensor(0.5f), dim: 1));
        Assert.True((m > 8).any().item<bool>());
        Assert.False((m > 8).all().item<bool>());
    }

    [Fact]
    public void Shapes_change_as_asked()
    {
        var m = arange(6, ScalarType.Float32).view(2, 3);
        Same([0, 3, 1, 4, 2, 5], m.t());
        Same([0, 3, 1, 4, 2, 5], m.transpose(0, 1).contiguous());
        Same([0, 3, 1, 4, 2, 5], m.permute(1, 0));
        Assert.Equal([3, 2], m.reshape(-1, 2).shape);
        Assert.Equal([2, 1, 3], m.unsqueeze(1).shape);
        Assert.Equal([2, 3], m.unsqueeze(1).squeeze(1).shape);
        Assert.Equal([4, 2, 3], m.expand(4, 2, 3).shape);
        Same([0, 1, 2, 0, 1, 2], m[0].repeat(2));
        Same([0, 0, 1, 1, 2, 2], m[0].repeat_interleave(2));
        Assert.Equal([3, 3], m.chunk(2, 0).Select(c => c.numel()));
        Assert.Equal([4, 2], m.split(2, 1).Select(c => c.numel()));
        Same([1, 2], m.narrow(1, 1, 2)[0]);
        Same([1, 4], m.select(1, 1));
        Same([2, 0, 5, 3], m.index_select(1, tensor(new long[] { 2, 0 })));
        Same([2, 3], m.gather(1, tensor(new long[,] { { 2 }, { 0 } })));
        Same([2, 0, 1, 5, 3, 4], m.roll(1, 1));
        Same([2, 1, 0, 5, 4, 3], m.flip(1));
        Same([0, 1, 2, 3, 4, 5, 0, 1, 2], cat([m, m.narrow(0, 0, 1)]));
        Assert.Equal([2, 2, 3], stack([m, m]).shape);
        Same([0, 1, 2, 0, 4, 5], m.triu());
        Same([5], m.flatten()[^1]);
    }

    [Fact]
    public void Matrices_multiply_and_decompose()
    {
        var a = tensor(new float[,] { { 1, 2 }, { 3, 4 } });
        var b = tensor(new float[,] { { 0, 1 }, { 1, 1 } });
        Same([2, 3, 4, 7], a.matmul(b));
        Same([2, 3, 4, 7], a.mm(b));
        Same([2, 3, 4, 7], a.unsqueeze(0).bmm(b.unsqueeze(0)));
        Same([2, 3, 4, 7], einsum("ij,jk->ik", a, b));
        Same([3, 4, 5, 8], ones(2, 2).addmm(a, b));
        Same([4, 6, 8, 14], ones(1, 2, 2).baddbmm(a.unsqueeze(0), b.unsqueeze(0), beta: 0, alpha: 2));
        Same([3, 4, 6, 8], tensor(new[] { 1f, 2f }).outer(tensor(new[] { 3f, 4f })));
        var (u, s, vh) = linalg.svd(a);
        Assert.True((u * s).matmul(vh).allclose(a, atol: 1e-5));
        Assert.True(s[0].item<float>() > s[1].item<float>());
        var (q, r) = linalg.qr(a);
        Assert.True(q.matmul(r).allclose(a, atol: 1e-5));
        Same([Math.Sqrt(30)], linalg.norm(a), 1e-5);
        Same([-2], linalg.det(a), 1e-5);
    }

    [Fact]
    public void Comparisons_give_truth_values()
    {
        var a = tensor(new[] { 1f, 2f, 3f });
        Same([0, 1, 1], a.ge(2));
        Same([0, 1, 0], a.eq(tensor(new[] { 0f, 2f, 4f })));
        Same([1, 0, 3], where(a.ne(2), a, 0));
        Same([0, 0, 1], a.gt(1).logical_and(a.gt(2)));
        Same([1, 0], tensor(new[] { float.NaN, 1f }).isnan());
        Same([0, 1, 0], tensor(new[] { float.NaN, 1f, float.PositiveInfinity }).isfinite());
        Assert.True(a.allclose(a + 1e-9));
        Assert.True(a.Equals(a.clone()));
        Same([0, 1, 0], a == 2);
        Same([1, 0, 0], 2 > a);
        Same([0, 1, 1], a >= tensor(new[] { 2f, 2f, 2f }));
        Same([1, -1, 3], a.masked_fill(a.eq(2), -1));
    }

    [Fact]
    public void Factories_make_what_their_names_say()
    {
        Same([0, 0], zeros(2));
        Same([1, 1, 1, 1], ones(2, 2));
        Same([7, 7], full(2, 7));
        Same([2, 4, 6], arange(2, 8, 2));
        Same([0, 0.5, 1], linspace(0, 1, 3));
        Same([1, 0, 0, 1], eye(2));
        Assert.Equal(ScalarType.Int64, full([2], 7).dtype);
        Assert.Equal(ScalarType.Bool, tensor(true).dtype);
        Assert.Equal(ScalarType.Float64, tensor(1.0).dtype);
        Assert.Equal(ScalarType.Float16, tensor(new[] { 1.0, 2 }, ScalarType.Float16).dtype);
        Assert.Equal([2, 1, 2], tensor(new[, ,] { { { 1, 2 } }, { { 3, 4 } } }).shape);
        Same([1, 2, 3, 4], tensor(new[] { 1, 2, 3, 4 }, [2, 2]));
        Assert.Equal(ScalarType.Int32, zeros_like(tensor(new[] { 1, 2 })).dtype);
        Assert.Throws<ArgumentException>(() => tensor(new[] { 1, 2, 3 }, [2, 2]));
        Assert.True(zeros(1, requires_grad: true).requires_grad);
    }

    [Fact]
    public void Types_and_data_convert()
    {
        var a = tensor(new[] { 1.7f, -2.2f });
        Same([1, -2], a.to(ScalarType.Int32));
        Assert.Equal(ScalarType.BFloat16, a.bfloat16().dtype);
        Assert.Equal(1.7f, a[0].item<float>());
        Assert.Equal(1, a[0].item<int>());
        Assert.Equal([1.7f, -2.2f], a.data<float>().ToArray());
        Assert.Equal([1.7f, -2.2f], a.data<float>());
        a.data<float>()[1] = 5;
        Assert.Equal(5f, a[1].item<float>());
        Assert.Throws<ArgumentException>(() => a.data<int>());
        Assert.Equal(8, a.bytes.Length);
        Assert.Equal([0f, 2, 1, 3], arange(4, ScalarType.Float32).view(2, 2).t().data<float>().ToArray());
        Assert.Equal(3f, arange(4, ScalarType.Float32).view(2, 2).t().data<float>()[1, 1]);
        // Nothing to convert: another tensor over the same data, as libtorch has it.
        var same = a.to(ScalarType.Float32);
        same.Dispose();
        Assert.Equal(5f, a[1].item<float>());
    }

    [Fact]
    public void Printing_shows_shape_type_and_elements()
    {
        Assert.Equal("[2x3], type = Float32, device = cpu", zeros(2, 3).ToString());
        Assert.Equal("[], type = Int64, device = cpu, value = 5", tensor(5L).ToString());
        Assert.Equal("[2x2], type = Float32, device = cpu\n[[1 2.5]\n [3 4]]", tensor(new[,] { { 1f, 2.5f }, { 3f, 4f } }).str());
    }
}
