using NotebookKit.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace NotebookKit.Tests.Training.Optimizers;

public sealed class PrecisionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Scaled_gradients_come_back_to_their_size()
    {
        var scaler = new GradScaler(1024);
        var weight = new Parameter(tensor(new[] { 1f, -2f }));
        scaler.Of(weight.square().sum()).backward();
        Assert.Equal([2048f, -4096f], weight.grad!.data<float>().ToArray());
        Assert.Equal([2f, -4f], (weight.grad! * scaler.Update(weight.grad!.norm().item<float>())!.Value).data<float>().ToArray());
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void An_overflow_is_left_out_and_halves_the_scale(float bad)
    {
        var scaler = new GradScaler(1024);
        using var optimizer = new AdamW([new([new Parameter(zeros([2]))], 1e-3)]);
        optimizer.Groups[0].Gradient.copy_(tensor(new[] { 1f, bad }));
        Assert.Null(scaler.Update(optimizer.GradientNorm()));
        Assert.Equal((512, 1), (scaler.Scale, scaler.Skipped));
    }

    [Fact]
    public void Enough_good_steps_double_the_scale_and_an_overflow_starts_the_count_anew()
    {
        var scaler = new GradScaler(8, growthInterval: 3);
        Assert.Equal([8, 8, 16, 8, 8, 8, 16], new[] { 1, 1, 1, double.NaN, 1, 1, 1 }.Select(norm =>
        {
            scaler.Update(norm);
            return scaler.Scale;
        }));
    }

    [Fact]
    public void The_scalers_state_comes_back()
    {
        var one = new GradScaler(8, growthInterval: 3);
        one.Update(1);
        var other = new GradScaler(1, growthInterval: 3);
        other.LoadState(one.SaveState());
        other.Update(1);
        other.Update(1);
        Assert.Equal(16, other.Scale);
    }

    [Fact]
    public void Small_steps_are_not_lost_in_bfloat16()
    {
        var weight = new Parameter(ones([4], ScalarType.BFloat16));
        using var optimizer = new Lion([new([weight], 1e-4, 0)]);
        Assert.True(optimizer.Groups[0].HasMasters);
        for (var step = 0; step < 100; step++)
        {
            optimizer.Groups[0].Gradient.fill_(1);
            optimizer.Step();
            optimizer.ZeroGradient();
        }

        Assert.Equal(0.99, optimizer.Groups[0].Weights[0].item<float>(), 1e-5);
        Assert.Equal(0.99, weight[0].to(ScalarType.Float32).item<float>(), 4e-3);
    }

    [Fact]
    public void A_float32_weight_is_its_own_master()
    {
        using var group = new OptimizerGroup([new Parameter(zeros([2]))], 1e-3);
        Assert.False(group.HasMasters);
        group.Weights.fill_(3);
        Assert.Equal([3f, 3f], group.Parameters[0].data<float>().ToArray());
    }

    [Fact]
    public void The_float32_copies_come_back_with_the_state()
    {
        var one = new Parameter(ones([4], ScalarType.BFloat16));
        using var first = new Lion([new([one], 1e-4, 0)]);
        first.Groups[0].Gradient.fill_(1);
        first.Step();
        using var second = new Lion([new([new Parameter(ones([4], ScalarType.BFloat16))], 1e-4, 0)]);
        second.LoadState(first.SaveState());
        Assert.Equal(first.Groups[0].Weights.data<float>().ToArray(), second.Groups[0].Weights.data<float>().ToArray());
        Assert.NotEqual(1f, second.Groups[0].Weights[0].item<float>());
    }

    [Fact]
    public void The_average_of_a_short_run_is_not_its_start()
    {
        var weight = new Parameter(zeros([3]));
        using var group = new OptimizerGroup([weight], 0);
        using var ema = new EmaWeights([group], 0.999);
        double expected = 0;
        for (var step = 0; step < 20; step++)
        {
            using (no_grad())
                weight.fill_(step + 1.0);
            var decay = Math.Min(0.999, (1.0 + step) / (10 + step));
            Assert.Equal(decay, ema.NextDecay);
            expected = (decay * expected) + ((1 - decay) * (step + 1));
            ema.Update();
        }

        using (ema.Swap())
            Assert.Equal(expected, weight[0].item<float>(), 1e-4);
        Assert.Equal(20, weight[0].item<float>());
    }

    [Fact]
    public void The_average_of_half_precision_weights_is_that_of_their_float32_copies()
    {
        var weight = new Parameter(ones([2], ScalarType.BFloat16));
        using var group = new OptimizerGroup([weight], 0);
        using var ema = new EmaWeights([group], 0.9);
        double expected = 1;
        for (var step = 1; step <= 20; step++)
        {
            using (no_grad())
                group.Weights.fill_(1 + (step * 1e-4)); // less than bfloat16 can tell from 1
            group.GiveBack();
            Assert.Equal(1, weight[0].to(ScalarType.Float32).item<float>());
            expected += (1 - ema.NextDecay) * (1 + (step * 1e-4) - expected);
            ema.Update();
        }

        Assert.Equal(ScalarType.Float32, ema.SaveState()["0"].dtype);
        Assert.Equal(expected, ema.SaveState()["0"][0].item<float>(), 2e-7);
        var before = group.Weights[0].item<float>();
        using (ema.Swap())
            Assert.Equal(expected, group.Weights[0].item<float>(), 2e-7);
        Assert.Equal(before, group.Weights[0].item<float>());
    }

    [Fact]
    public void The_average_stands_in_the_half_precision_weights_while_it_is_swapped_in()
    {
        var weight = new Parameter(ones([2], ScalarType.BFloat16));
        using var group = new OptimizerGroup([weight], 0);
        using var ema = new EmaWeights([group], 0.9);
        using (no_grad())
            group.Weights.fill_(3);
        group.GiveBack();
        using (ema.Swap())
            Assert.Equal(1, weight[0].to(ScalarType.Float32).item<float>());
        Assert.Equal(3, weight[0].to(ScalarType.Float32).item<float>());
    }

    [Fact]
    public void The_averages_state_comes_back_to_the_bit()
    {
        using var random = new Generator(3);
        var weight = new Parameter(randn([5], generator: random));
        using var group = new OptimizerGroup([weight], 0);
        using var one = new EmaWeights([group], 0.9);
        one.Update();
        using var other = new EmaWeights([group], 0.9);
        other.LoadState(one.SaveState());
        Assert.Equal(one.NextDecay, other.NextDecay);
        using (no_grad())
            weight.add_(1);
        one.Update();
        other.Update();
        Assert.True(one.SaveState()["0"].equal(other.SaveState()["0"]).all().item<bool>());
    }
}
