using NotebookKit.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

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
        var saved = TrainOptimizers.SaveState(first);
        using var second = TrainOptimizers.Create(kind, [new(other[..1], rate), new(other[1..], rate)]);
        TrainOptimizers.LoadState(second, saved);
        Steps(second, other, 3, 6);
        foreach (var (expected, got) in one.Zip(other))
            Assert.True(expected.equal(got).all().item<bool>());

        static Parameter[] Weights()
        {
            using var random = new Generator(7);
            return [new(randn([80, 100], generator: random)), new(randn([40], generator: random)), new(randn([8, 6, 3, 3], generator: random))];
        }

        static void Steps(optim.Optimizer optimizer, Parameter[] weights, int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                using var random = new Generator(100 + (ulong)step);
                foreach (var weight in weights)
                    weight.grad = randn(weight.shape, generator: random);
                optimizer.step();
                optimizer.zero_grad();
            }
        }
    }

    [Fact]
    public void A_state_of_other_weights_is_refused()
    {
        using var large = TrainOptimizers.Create(OptimizerKind.Lion, [new([new(zeros([4])), new(zeros([4]))], 1e-3)]);
        foreach (var weight in large.parameters())
            weight.grad = ones([4]);
        large.step();
        using var small = TrainOptimizers.Create(OptimizerKind.Lion, [new([new(zeros([4]))], 1e-3)]);
        Assert.Contains("other settings", Assert.Throws<BadInputException>(() => TrainOptimizers.LoadState(small, TrainOptimizers.SaveState(large))).Message, StringComparison.Ordinal);
        using var adam = TrainOptimizers.Create(OptimizerKind.AdamW, [new([new(zeros([4]))], 1e-3)]);
        Assert.Throws<BadInputException>(() => TrainOptimizers.LoadState(adam, TrainOptimizers.SaveState(large)));
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW, 8)]
    [InlineData(OptimizerKind.AdamW8bit, 2.04)]
    [InlineData(OptimizerKind.Adafactor, 0.02)]
    [InlineData(OptimizerKind.Lion, 4)]
    [InlineData(OptimizerKind.Prodigy, 16)]
    public void The_state_takes_as_many_bytes_as_the_optimizer_says(OptimizerKind kind, double bytesPerWeight)
    {
        var weight = new Parameter(zeros([1000, 1000])) { grad = ones([1000, 1000]) };
        using var optimizer = TrainOptimizers.Create(kind, [new([weight], 1e-3)]);
        optimizer.step();
        var held = TrainOptimizers.SaveState(optimizer).Values.Sum(kept => kept.numel() * kept.element_size());
        Assert.InRange(held / 1e6, bytesPerWeight * 0.4, bytesPerWeight * 1.01);
    }

    private static double[] Start() => [.. Enumerable.Range(0, Rows * Columns).Select(i => Math.Cos(i) + (0.1 * i))];

    private static double[] Gradient(int step) => [.. Enumerable.Range(0, Rows * Columns).Select(i => Math.Sin((7 * step) + (3 * i) + 1) * (1 + (0.3 * i)))];

    private static double[] Run(Func<OptimizerGroup[], optim.Optimizer> make, double lr, double decay, int steps, long[]? shape = null, Func<int, double[]>? gradient = null)
    {
        shape ??= [Rows, Columns];
        var weight = new Parameter(tensor(Start()).reshape(shape));
        using var optimizer = make([new([weight], lr, decay)]);
        for (var step = 0; step < steps; step++)
        {
            weight.grad = tensor((gradient ?? Gradient)(step)).reshape(shape);
            optimizer.step();
            optimizer.zero_grad();
        }

        return [.. weight.detach().flatten().data<double>()];
    }

    private static void Agree(double[] expected, double[] got, double tolerance)
    {
        foreach (var (want, is_) in expected.Zip(got))
            Assert.Equal(want, is_, tolerance);
    }
}
