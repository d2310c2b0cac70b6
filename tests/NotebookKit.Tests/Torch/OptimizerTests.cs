using NotebookKit.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class OptimizerTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    private static readonly double[] Gradients = [0.5, -0.25, 2, 0.1, -3];

    // The paper's formulas, one number in double precision.
    private static double ByHand(double x, double lr, double beta1, double beta2, double eps, double decay, bool decoupled)
    {
        double m = 0, v = 0;
        for (var t = 1; t <= Gradients.Length; t++)
        {
            var g = Gradients[t - 1] + (decoupled ? 0 : decay * x);
            if (decoupled)
                x -= lr * decay * x;
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * g * g;
            x -= lr * (m / (1 - Math.Pow(beta1, t))) / (Math.Sqrt(v / (1 - Math.Pow(beta2, t))) + eps);
        }

        return x;
    }

    public static TheoryData<ScalarType, bool> Kinds() => new()
    {
        { ScalarType.Float32, true }, { ScalarType.Float32, false }, { ScalarType.Float64, true }, { ScalarType.Float64, false },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Adam_and_AdamW_follow_the_paper_in_the_fused_and_in_the_composed_form(ScalarType type, bool decoupled)
    {
        // float32 takes the native loop, float64 libtorch's operators.
        var p = new Parameter(full([3], 1.5, type));
        using optim.Optimizer optimizer = decoupled
            ? optim.AdamW([p], 0.1, 0.8, 0.95, 1e-6, 0.05)
            : optim.Adam([p], 0.1, 0.8, 0.95, 1e-6, 0.05);
        foreach (var g in Gradients)
        {
            p.grad = full([3], g, type);
            optimizer.step();
        }

        var expected = ByHand(1.5, 0.1, 0.8, 0.95, 1e-6, 0.05, decoupled);
        Assert.Equal(expected, p[2].item<double>(), type == ScalarType.Float32 ? 2e-6 : 1e-12);
    }

    [Fact]
    public void The_fused_loop_agrees_with_the_composed_operators_over_many_sizes()
    {
        manual_seed(4);
        long[][] shapes = [[1], [7], [16384], [3, 5], [40000], [0], [128, 65]];
        var fused = shapes.Select(s => new Parameter(randn(s))).ToArray();
        var composed = fused.Select(p => new Parameter(p.detach().clone().to(ScalarType.Float64))).ToArray();
        using var a = optim.AdamW(fused, 1e-2, weight_decay: 0.1);
        using var b = optim.AdamW(composed, 1e-2, weight_decay: 0.1);
        for (var step = 0; step < 3; step++)
        {
            for (var i = 0; i < fused.Length; i++)
            {
                fused[i].grad = randn(shapes[i]);
                composed[i].grad = fused[i].grad!.to(ScalarType.Float64);
            }

            a.step();
            b.step();
        }

        for (var i = 0; i < fused.Length; i++)
            Assert.True(fused[i].to(ScalarType.Float64).allclose(composed[i], 1e-6, 1e-6), $"shape {i}");
    }

    [Fact]
    public void A_parameter_without_gradient_is_left_alone_and_counts_no_step()
    {
        var (p, q) = (new Parameter(ones(1)), new Parameter(ones(1)));
        using var optimizer = optim.AdamW([p, q], 0.1);
        p.grad = ones(1);
        optimizer.step();
        Assert.Equal(1f, q.item<float>());
        Assert.Equal(0.9f, p.item<float>(), 5);
        Assert.Equal([1L, 0], optimizer.state_dict().State.Cast<Adam.State>().Select(s => s.step));
    }

    [Fact]
    public void Groups_have_rates_of_their_own_that_a_schedule_sets()
    {
        var (p, q) = (new Parameter(ones(1)), new Parameter(ones(1)));
        using var optimizer = optim.AdamW([new AdamW.ParamGroup([p], lr: 0.1), new AdamW.ParamGroup([q], new AdamW.Options { LearningRate = 0.2 })]);
        Assert.Equal([0.1, 0.2], optimizer.ParamGroups.Select(g => g.LearningRate));
        p.grad = ones(1);
        q.grad = ones(1);
        optimizer.step();
        Assert.Equal([0.9f, 0.8f], [MathF.Round(p.item<float>(), 5), MathF.Round(q.item<float>(), 5)]);
        foreach (var group in optimizer.ParamGroups)
            group.LearningRate = 0;
        optimizer.step();
        Assert.Equal(0.9f, p.item<float>(), 5);
        optimizer.zero_grad();
        Assert.Null(p.grad);
    }

    [Fact]
    public void A_state_restored_goes_on_as_if_never_stopped()
    {
        manual_seed(1);
        var p = new Parameter(randn(5));
        using var one = optim.AdamW([p], 0.1);
        Step(p, one, 3);
        var q = new Parameter(p.detach().clone());
        using var two = optim.AdamW([q], 0.7);
        two.load_state_dict(one.state_dict());
        Step(p, one, 2);
        Step(q, two, 2);
        Assert.True(p.Equals(q));

        static void Step(Parameter x, AdamW optimizer, int times)
        {
            for (var i = 0; i < times; i++)
            {
                x.grad = x.detach() * (i + 1);
                optimizer.step();
            }
        }
    }

    [Fact]
    public void Gradient_descent_has_momentum()
    {
        var p = new Parameter(ones(1));
        using var optimizer = optim.SGD([p], 0.1, momentum: 0.5);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            p.grad = ones(1);
            optimizer.step();
        }

        Assert.Equal(1 - 0.1f - 0.15f, p.item<float>(), 5);
        using var plain = optim.SGD([p], 0.5, weight_decay: 0.1);
        p.grad = zeros(1);
        plain.step();
        Assert.Equal(0.75f * 0.95f, p.item<float>(), 5);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Gradients_are_clipped_to_their_joint_norm(ScalarType type)
    {
        var (p, q) = (new Parameter(zeros([1], type)), new Parameter(zeros([2], type)));
        p.grad = full([1], 2.0, type);
        q.grad = full([2], 4.0, type);
        Assert.Equal(6, nn.utils.clip_grad_norm_([p, q], 60), 6);
        Assert.Equal(2, p.grad.item<double>(), 6);
        Assert.Equal(6, nn.utils.clip_grad_norm_([p, q], 3), 6);
        Assert.Equal(1, p.grad.item<double>(), 6);
        Assert.Equal(2, q.grad![1].item<double>(), 6);
        Assert.Equal(0, nn.utils.clip_grad_norm_([new Parameter(zeros(1))], 1));
        nn.utils.clip_grad_value_([p, q], 1.5);
        Assert.Equal(1.5, q.grad![0].item<double>(), 6);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void An_average_moves_toward_its_source(ScalarType type)
    {
        Tensor[] averages = [zeros([3], type), ones([2, 2], type)];
        Tensor[] sources = [full([3], 10.0, type), full([2, 2], 2.0, type)];
        TorchExtras.UpdateAverage(averages, sources, 0.9);
        Assert.Equal(1, averages[0][0].item<double>(), 6);
        Assert.Equal(1.1, averages[1][1, 1].item<double>(), 6);
        Assert.Throws<ArgumentException>(() => TorchExtras.UpdateAverage(averages, [sources[0]], 0.9));
    }

    [Fact]
    public void A_small_network_learns()
    {
        manual_seed(1);
        using var net = nn.Sequential(("in", nn.Linear(4, 16)), ("act", nn.SiLU()), ("out", nn.Linear(16, 1)));
        using var optimizer = optim.AdamW(net.parameters(), lr: 0.05);
        var x = randn(64, 4);
        var y = x.sum(1, keepdim: true).tanh();
        var losses = new List<float>();
        for (var step = 0; step < 60; step++)
        {
            using var inner = NewDisposeScope();
            var loss = nn.functional.mse_loss(net.call(x), y);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            losses.Add(loss.item<float>());
        }

        Assert.True(losses[^1] < losses[0] / 10, $"{losses[0]} -> {losses[^1]}");
    }
}
