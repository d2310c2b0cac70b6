using NotebookKit.Tensors;
using NotebookKit.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace NotebookKit.Tests.Training.Optimizers;

/// <summary>Each optimizer against its paper's formulas, written as plain loops in double precision.</summary>
public sealed class OptimizerTests : IDisposable
{
    private const int Rows = 3;
    private const int Columns = 4;
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Lion_moves_by_the_sign_of_its_average()
    {
        const double lr = 0.01, decay = 0.1, beta1 = 0.9, beta2 = 0.99;
        var x = Start();
        var m = new double[x.Length];
        for (var t = 0; t < 6; t++)
        {
            var g = Gradient(t);
            for (var i = 0; i < x.Length; i++)
            {
                var c = (beta1 * m[i]) + ((1 - beta1) * g[i]);
                x[i] -= lr * (Math.Sign(c) + (decay * x[i]));
                m[i] = (beta2 * m[i]) + ((1 - beta2) * g[i]);
            }
        }

        Agree(x, Run(groups => new Lion(groups, beta1, beta2), lr, decay, 6), 1e-12);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Adafactor_keeps_rows_and_columns_of_a_matrix_and_all_of_a_vector(bool matrix, bool scaled)
    {
        const double lr = 0.05, decay = 0.02;
        var x = Start();
        var (row, column, all) = (new double[Rows], new double[Columns], new double[x.Length]);
        for (var t = 1; t <= 6; t++)
        {
            var g = Gradient(t - 1);
            var beta = 1 - Math.Pow(t, -0.8);
            var u = new double[x.Length];
            if (matrix)
            {
                for (var i = 0; i < Rows; i++)
                    row[i] = (beta * row[i]) + ((1 - beta) * Enumerable.Range(0, Columns).Sum(j => Sq(g[(i * Columns) + j])));
                for (var j = 0; j < Columns; j++)
                    column[j] = (beta * column[j]) + ((1 - beta) * Enumerable.Range(0, Rows).Sum(i => Sq(g[(i * Columns) + j])));
                for (var i = 0; i < x.Length; i++)
                    u[i] = g[i] / Math.Sqrt(row[i / Columns] * column[i % Columns] / row.Sum());
            }
            else
            {
                for (var i = 0; i < x.Length; i++)
                {
                    all[i] = (beta * all[i]) + ((1 - beta) * Sq(g[i]));
                    u[i] = g[i] / Math.Sqrt(all[i]);
                }
            }

            var clip = Math.Max(1, Rms(u));
            var alpha = lr * (scaled ? Math.Max(1e-3, Rms(x)) : 1);
            for (var i = 0; i < x.Length; i++)
                x[i] -= (lr * decay * x[i]) + (alpha * u[i] / clip);
        }

        Agree(x, Run(groups => new Adafactor(groups, scaled), lr, decay, 6, matrix ? [Rows, Columns] : [Rows * Columns]), 1e-11);

        static double Sq(double value) => (value * value) + 1e-30;
        static double Rms(double[] values) => Math.Sqrt(values.Sum(value => value * value) / values.Length);
    }

    [Fact]
    public void Prodigy_finds_its_distance_as_the_paper_says()
    {
        const double lr = 1, decay = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, d0 = 1e-3;
        var start = Start();
        var x = Start();
        var (m, v, s) = (new double[x.Length], new double[x.Length], new double[x.Length]);
        double d = d0, r = 0;
        for (var t = 0; t < 12; t++)
        {
            var g = Gradient(0); // always the same way, so that d grows
            var pace = d / d0 * d * lr;
            r = Math.Sqrt(beta2) * r;
            for (var i = 0; i < x.Length; i++)
            {
                m[i] = (beta1 * m[i]) + ((1 - beta1) * d * g[i]);
                v[i] = (beta2 * v[i]) + ((1 - beta2) * d * d * g[i] * g[i]);
                r += pace * g[i] * (start[i] - x[i]);
                s[i] = (Math.Sqrt(beta2) * s[i]) + (pace * g[i]);
            }

            var next = Math.Max(d, r / s.Sum(Math.Abs));
            for (var i = 0; i < x.Length; i++)
                x[i] -= (d * lr * decay * x[i]) + (d * lr * m[i] / (Math.Sqrt(v[i]) + (next * eps)));
            d = next;
        }

        Prodigy? made = null;
        Agree(x, Run(groups => made = new Prodigy(groups, beta1, beta2, eps, d0), lr, decay, 12, gradient: _ => Gradient(0)), 1e-11);
        Assert.True(d > 2 * d0);
        Assert.Equal(d, made!.Distance, 1e-12);
    }

    [Fact]
    public void Prodigy_waits_while_a_warmup_holds_its_rate_at_zero()
    {
        var x = Run(groups => new Prodigy(groups), lr: 0, decay: 0.01, steps: 2);
        Agree(Start(), x, 0);
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.AdamW8bit)]
    [InlineData(OptimizerKind.Adafactor)]
    [InlineData(OptimizerKind.Lion)]
    [InlineData(OptimizerKind.Prodigy)]
    public void A_saved_state_goes_on_to_the_bit(OptimizerKind kind)
    {
        var rate = TrainOptimizers.SuitableRate(kind, 1e-3);
        var (one, other) = (Weights(), Weights());
        using var whole = TrainOptimizers.Create(kind, [new(one[..1], rate), new(one[1..], rate)]);
        using var first = TrainOptimizers.Create(kind, [new(other[..1], rate), new(other[1..], rate)]);
        Steps(whole, one, 0, 6);
        Steps(first, other, 0, 3);
        var saved = first.SaveState();
        using var second = TrainOptimizers.Create(kind, [new(other[..1], rate), new(other[1..], rate)]);
        second.LoadState(saved);
        Steps(second, other, 3, 6);
        foreach (var (expected, got) in one.Zip(other))
            Assert.True(expected.equal(got).all().item<bool>());

        static Parameter[] Weights()
        {
            using var random = new Generator(7);
            return [new(randn([80, 100], generator: random)), new(randn([40], generator: random)),
                new(randn([8, 6, 3, 3], generator: random))];
        }

        static void Steps(TrainOptimizer optimizer, Parameter[] weights, int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                using var random = new Generator(100 + (ulong)step);
                foreach (var weight in weights)
                    weight.grad!.copy_(randn(weight.shape, generator: random));
                optimizer.Step();
                optimizer.ZeroGradient();
            }
        }
    }

    [Fact]
    public void AdamW_follows_PyTorchs_own_over_many_parameters_to_the_bit()
    {
        manual_seed(2);
        using var a = nn.Sequential(nn.Linear(7, 300), nn.Linear(300, 400));
        using var b = nn.Sequential(nn.Linear(7, 300), nn.Linear(300, 400));
        using (no_grad())
        {
            foreach (var (to, from) in b.parameters().Zip(a.parameters()))
                to.copy_(from);
        }

        using var mine = new AdamW([new(a.parameters(), 0.01, 0.02)], 0.9, 0.98);
        using var torchs = optim.AdamW(b.parameters(), 0.01, 0.9, 0.98, 1e-8, 0.02);
        var x = randn(16, 7);
        for (var step = 0; step < 40; step++)
        {
            mine.ZeroGradient();
            torchs.zero_grad();
            a.call(x).square().mean().backward();
            b.call(x).square().mean().backward();
            mine.Step();
            torchs.step();
        }

        Assert.All(a.parameters().Zip(b.parameters()), pair => Assert.True(pair.First.Equals(pair.Second)));
    }

    [Fact]
    public void A_number_moves_at_its_own_rate_and_at_rate_0_stays()
    {
        var table = new Parameter(ones([4]));
        using var flat = new FlatParameters([table]);
        using var optimizer = new AdamW([new OptimizerGroup(flat, 0.1, 0.01, tensor(new[] { 1f, 0.5f, 2, 0 }))]);
        flat.Gradient.fill_(1);
        optimizer.Step();
        var moved = table.detach().data<float>().Select(value => 1 - value).ToArray();
        Assert.Equal(0, moved[3]);
        Assert.Equal(0.5 * moved[0], moved[1], 1e-6);
        Assert.Equal(2 * moved[0], moved[2], 1e-6);
        Assert.Equal(0.101, moved[0], 1e-6); // the step and the decay
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.AdamW8bit)]
    [InlineData(OptimizerKind.Adafactor)]
    [InlineData(OptimizerKind.Lion)]
    [InlineData(OptimizerKind.Prodigy)]
    public void A_factor_multiplies_the_gradients(OptimizerKind kind)
    {
        Assert.True(Moved(2, 1).Equals(Moved(1, 2)));
        Assert.False(Moved(1, 1).Equals(zeros([70_000])));

        Tensor Moved(double gradient, double factor)
        {
            var weight = new Parameter(zeros([70_000])); // more than a piece
            using var optimizer = TrainOptimizers.Create(kind, [new([weight], TrainOptimizers.SuitableRate(kind, 1e-3))]);
            for (var step = 0; step < 3; step++)
            {
                optimizer.Groups[0].Gradient.copy_(linspace(-1, 1, 70_000).mul(gradient * (step + 1)));
                optimizer.Step(factor);
            }

            return weight.detach().clone();
        }
    }

    [Fact]
    public void What_does_not_learn_stands_still_with_its_averages()
    {
        var (one, other) = (new Parameter(zeros([3])), new Parameter(zeros([3])));
        using var optimizer = new AdamW([new([one], 0.1), new([other], 0.1)]);
        optimizer.Groups[1].Learns = false;
        foreach (var group in optimizer.Groups)
            group.Gradient.fill_(1);
        Assert.Equal(Math.Sqrt(3), optimizer.GradientNorm(), 1e-6);
        optimizer.Step();
        Assert.Equal([0f, 0, 0], other.data<float>().ToArray());
        Assert.NotEqual(0f, one[0].item<float>());
        Assert.False(optimizer.SaveState().ContainsKey("1.exp_avg"));
    }

    [Fact]
    public void A_state_of_other_weights_is_refused()
    {
        using var large = TrainOptimizers.Create(OptimizerKind.Lion, [new([new(zeros([4])), new(zeros([4]))], 1e-3)]);
        large.Groups[0].Gradient.fill_(1);
        large.Step();
        using var small = TrainOptimizers.Create(OptimizerKind.Lion, [new([new(zeros([4]))], 1e-3)]);
        Assert.Contains("other settings", Assert.ThrowsAny<BadInputException>(() => small.LoadState(large.SaveState())).Message,
            StringComparison.Ordinal);
        using var adam = TrainOptimizers.Create(OptimizerKind.AdamW, [new([new(zeros([4]))], 1e-3)]);
        Assert.ThrowsAny<BadInputException>(() => adam.LoadState(large.SaveState()));
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW, 8)]
    [InlineData(OptimizerKind.AdamW8bit, 2.04)]
    [InlineData(OptimizerKind.Adafactor, 0.02)]
    [InlineData(OptimizerKind.Lion, 4)]
    [InlineData(OptimizerKind.Prodigy, 16)]
    public void The_state_takes_as_many_bytes_as_the_optimizer_says(OptimizerKind kind, double bytesPerWeight)
    {
        var weight = new Parameter(zeros([1000, 1000]));
        using var optimizer = TrainOptimizers.Create(kind, [new([weight], 1e-3)]);
        optimizer.Groups[0].Gradient.fill_(1);
        optimizer.Step();
        var held = optimizer.SaveState().Values.Sum(kept => kept.numel() * kept.element_size());
        Assert.InRange(held / 1e6, bytesPerWeight * 0.4, bytesPerWeight * 1.01);
    }

    private static double[] Start() => [.. Enumerable.Range(0, Rows * Columns).Select(i => Math.Cos(i) + (0.1 * i))];

    private static double[] Gradient(int step) =>
        [.. Enumerable.Range(0, Rows * Columns).Select(i => Math.Sin((7 * step) + (3 * i) + 1) * (1 + (0.3 * i)))];

    private static double[] Run(Func<OptimizerGroup[], TrainOptimizer> make, double lr, double decay, int steps, long[]? shape = null,
        Func<int, double[]>? gradient = null)
    {
        shape ??= [Rows, Columns];
        var weight = new Parameter(tensor(Start()).reshape(shape));
        using var optimizer = make([new([weight], lr, decay)]);
        for (var step = 0; step < steps; step++)
        {
            weight.grad!.copy_(tensor((gradient ?? Gradient)(step)).reshape(shape));
            optimizer.Step();
            optimizer.ZeroGradient();
        }

        return [.. weight.detach().flatten().data<double>()];
    }

    private static void Agree(double[] expected, double[] got, double tolerance)
    {
        foreach (var (want, is_) in expected.Zip(got))
            Assert.Equal(want, is_, tolerance);
    }
}
