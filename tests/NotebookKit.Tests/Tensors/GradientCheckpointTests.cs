using NotebookKit.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Tensors;

public sealed class GradientCheckpointTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Linear _layer;

    public GradientCheckpointTests()
    {
        manual_seed(1);
        _layer = nn.Linear(8, 8);
    }

    public void Dispose()
    {
        _layer.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void The_gradients_are_the_plain_ones_to_the_bit_with_the_same_random_numbers()
    {
        Tensor Body(Tensor[] x) => nn.functional.dropout(_layer.call(x[0]).tanh() * x[1], 0.5);
        Tensor[] plainInputs = [randn(4, 8).requires_grad_(), randn(8).requires_grad_()];
        Tensor[] inputs = [.. plainInputs.Select(input => input.detach().requires_grad_())];

        manual_seed(5);
        var plain = Body(plainInputs).square().sum();
        plain.backward();
        var (weight, bias) = (_layer.weight.grad!.clone(), _layer.bias!.grad!.clone());
        _layer.zero_grad();

        manual_seed(5);
        var kept = GradientCheckpoint.Run(Body, inputs).square().sum();
        var next = randn(1).item<float>();
        kept.backward();
        Assert.Equal(plain.item<float>(), kept.item<float>());
        Assert.True(_layer.weight.grad!.Equals(weight));
        Assert.True(_layer.bias!.grad!.Equals(bias));
        Assert.All(inputs.Zip(plainInputs), pair => Assert.True(pair.First.grad!.Equals(pair.Second.grad!)));

        // Backward has not moved the stream of random numbers on.
        var after = randn(1).item<float>();
        manual_seed(5);
        _ = Body(plainInputs);
        Assert.Equal([next, after], [randn(1).item<float>(), randn(1).item<float>()]);
    }

    [Fact]
    public void Parameters_inside_learn_though_no_input_asks_for_a_gradient()
    {
        GradientCheckpoint.Run(x => _layer.call(x[0]), ones(1, 8)).sum().backward();
        Assert.True(_layer.weight.grad!.Equals(ones(8, 8)));
    }

    [Fact]
    public void Where_nothing_inside_learns_there_is_nothing_to_go_back_through()
    {
        var x = ones(3, requires_grad: true);
        (GradientCheckpoint.Run(y => y[0] * 2, ones(3)) * x).sum().backward();
        GradientCheckpoint.ThrowWhatFailed();
        Assert.True(x.grad!.Equals(full(3, 2f)));
    }

    [Fact]
    public void One_inside_another_gives_the_plain_gradients_too()
    {
        Tensor Inner(Tensor[] x) => _layer.call(x[0]).tanh();
        Tensor Outer(Tensor[] x) => GradientCheckpoint.Run(Inner, GradientCheckpoint.Run(Inner, x[0]));
        var input = randn(2, 8).requires_grad_();
        Inner([Inner([input])]).square().sum().backward();
        var (weight, x) = (_layer.weight.grad!.clone(), input.grad!.clone());
        _layer.zero_grad();
        input.grad = null;
        GradientCheckpoint.Run(Outer, input).square().sum().backward();
        Assert.True(_layer.weight.grad!.Equals(weight));
        Assert.True(input.grad!.Equals(x));
    }

    [Fact]
    public void Without_gradients_it_computes_once_and_is_not_running()
    {
        using var grad = no_grad();
        var calls = 0;
        var result = GradientCheckpoint.Run(x =>
        {
            calls++;
            Assert.False(GradientCheckpoint.Running);
            return x[0] + 1;
        }, ones(1));
        Assert.Equal(2f, result.item<float>());
        Assert.Equal(1, calls);
    }

    [Fact]
    public void It_runs_the_first_time_and_not_the_second()
    {
        var running = new List<bool>();
        GradientCheckpoint.Run(x =>
        {
            running.Add(GradientCheckpoint.Running);
            return _layer.call(x[0]);
        }, ones(1, 8)).sum().backward();
        Assert.Equal([true, false], running);
        Assert.False(GradientCheckpoint.Running);
    }

    [Fact]
    public void What_fails_in_backward_comes_out_once_afterwards()
    {
        var calls = 0;
        var loss = GradientCheckpoint.Run(x => ++calls == 1 ? x[0] * 2 : throw new InvalidDataException("no way back"),
            ones(2, requires_grad: true)).sum();
        GradientCheckpoint.ThrowWhatFailed(); // nothing yet
        loss.backward();
        Assert.Equal("no way back", Assert.Throws<InvalidDataException>(GradientCheckpoint.ThrowWhatFailed).Message);
        GradientCheckpoint.ThrowWhatFailed();
    }

    [Fact]
    public void What_fails_in_forward_comes_out_at_once_and_it_is_not_running_then()
    {
        Assert.Equal("no way on",
            Assert.Throws<InvalidDataException>(() =>
                GradientCheckpoint.Run(_ => throw new InvalidDataException("no way on"), ones(1))).Message);
        Assert.False(GradientCheckpoint.Running);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // nobody goes back: what was kept for it is the collector's
    public void Nothing_is_left_behind(bool backward)
    {
        Pass();
        var before = LiveTensors.Count();
        for (var i = 0; i < 20; i++)
            Pass();
        Assert.Equal(before, LiveTensors.Count());

        void Pass()
        {
            using var scope = NewDisposeScope();
            var x = ones([2, 8], requires_grad: true);
            var y = GradientCheckpoint.Run(t => _layer.call(t[0]).tanh(), x);
            if (backward)
                y.sum().backward();
        }
    }
}
