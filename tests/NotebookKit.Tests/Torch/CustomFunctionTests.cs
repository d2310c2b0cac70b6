using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class CustomFunctionTests
{
    internal sealed class Cube : autograd.SingleTensorFunction<Cube>
    {
        public override string Name => "cube";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            Assert.False(is_grad_enabled());
            ctx.save_for_backward([x]);
            return x.pow(3);
        }

        public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            [ctx.get_saved_variables()[0].square() * 3 * grad_output];
    }

    private sealed class SumAndDifference : autograd.MultiTensorFunction<SumAndDifference>
    {
        public override string Name => "sum and difference";

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("factor", vars[1]);
            return [((Tensor)vars[0] + (Tensor)vars[2]) * (double)vars[1], (Tensor)vars[0] - (Tensor)vars[2]];
        }

        public override List<Tensor?> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            var factor = (double)ctx.get_data("factor")!;
            return [grad_outputs[0] * factor + grad_outputs[1], null, grad_outputs[0] * factor - grad_outputs[1]];
        }
    }

    private sealed class Failing : autograd.SingleTensorFunction<Failing>
    {
        public override string Name => "failing";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => ((Tensor)vars[0]).clone();

        public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output) => throw new InvalidDataException("no way back");
    }

    [Fact]
    public void Several_outputs_and_arguments_that_are_no_tensors_are_possible()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new[] { 1.0, 2.0 }, requires_grad: true);
        var b = tensor(new[] { 3.0, 5.0 }, requires_grad: true);
        var results = SumAndDifference.apply(a, 10.0, b);
        Assert.Equal([40, 70], results[0].data<double>().ToArray());
        (results[0] + 2 * results[1]).sum().backward();
        Assert.Equal([12, 12], a.grad!.data<double>().ToArray());
        Assert.Equal([8, 8], b.grad!.data<double>().ToArray());
    }

    [Fact]
    public void An_exception_in_backward_comes_out_of_backward()
    {
        using var scope = NewDisposeScope();
        var a = ones(2, requires_grad: true);
        var loss = Failing.apply(a).sum();
        var thrown = Assert.Throws<TorchException>(() => loss.backward());
        Assert.IsType<InvalidDataException>(thrown.InnerException);
        // The next failure does not inherit it.
        Assert.Null(Assert.Throws<TorchException>(() => ones(2).matmul(ones(3))).InnerException);
    }

    [Fact]
    public void A_checkpoint_gives_the_gradients_of_the_plain_computation_with_the_same_random_numbers()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var layer = nn.Linear(8, 8);
        Tensor Body(Tensor[] x) => nn.functional.dropout(layer.call(x[0]).tanh(), 0.5);
        var plainInput = randn(4, 8).requires_grad_();
        var input = plainInput.detach().requires_grad_();

        manual_seed(5);
        var plain = Body([plainInput]).square().sum();
        plain.backward();
        var expected = layer.weight.grad!.clone();
        layer.zero_grad();

        manual_seed(5);
        var kept = GradientCheckpoint.Run(Body, input).square().sum();
        var next = randn(1).item<float>();
        kept.backward();
        Assert.Equal(plain.item<float>(), kept.item<float>());
        Assert.True(layer.weight.grad!.Equals(expected));
        Assert.True(input.grad!.Equals(plainInput.grad!));

        // Backward has not moved the stream of random numbers on.
        manual_seed(5);
        _ = Body([input]);
        Assert.Equal(next, randn(1).item<float>());
    }

    [Fact]
    public void A_checkpoint_trains_parameters_though_its_input_asks_for_no_gradient()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(2, 2);
        GradientCheckpoint.Run(x => layer.call(x[0]), ones(1, 2)).sum().backward();
        Assert.Equal([1f, 1, 1, 1], layer.weight.grad!.data<float>().ToArray());
    }

    [Fact]
    public void A_node_that_nobody_needs_leaves_nothing_behind()
    {
        GC.Collect(); // what earlier tests dropped must not be collected in between
        GC.WaitForPendingFinalizers();
        var before = TorchExtras.LiveHandles;
        for (var i = 0; i < 50; i++)
        {
            using var scope = NewDisposeScope();
            var x = ones(3, requires_grad: true);
            var y = Cube.apply(x);
            if (i % 2 == 0)
                y.sum().backward();
        }

        Assert.Equal(before, TorchExtras.LiveHandles);
    }
}
