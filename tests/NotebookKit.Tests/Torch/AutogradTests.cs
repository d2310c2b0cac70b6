using NotebookKit.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Gradients_add_up_until_they_are_dropped()
    {
        var x = tensor(3.0, requires_grad: true);
        x.square().backward();
        x.square().backward();
        Assert.Equal(12, x.grad!.item<double>());
        x.grad = null;
        Assert.Null(x.grad);
        (x * 2).backward();
        Assert.Equal(2, x.grad!.item<double>());
    }

    [Fact]
    public void Gradients_of_gradients_are_possible()
    {
        var x = tensor(2.0, requires_grad: true);
        var first = autograd.grad([x.pow(3)], [x], create_graph: true)[0];
        Assert.Equal(12, first.item<double>());
        var second = autograd.grad([first], [x])[0];
        Assert.Equal(12, second.item<double>());
        Assert.Null(x.grad);
    }

    [Fact]
    public void An_unused_input_is_an_error_or_null()
    {
        var x = tensor(2.0, requires_grad: true);
        var y = tensor(2.0, requires_grad: true);
        Assert.Throws<TorchException>(() => autograd.grad([x.square()], [x, y]));
        Assert.Null(autograd.grad([x.square()], [x, y], allow_unused: true)[1]);
    }

    [Fact]
    public void Nothing_is_recorded_without_grad()
    {
        var x = ones(1, requires_grad: true);
        using (no_grad())
            Assert.False((x * 2).requires_grad);
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            Assert.False((x * 2).requires_grad);
        }

        Assert.False(is_inference_mode_enabled());
        Assert.True((x * 2).requires_grad);
        Assert.False((x * 2).detach().requires_grad);
        using (set_grad_enabled(false))
            Assert.False(is_grad_enabled());
        Assert.True(is_grad_enabled());
    }

    [Fact]
    public void Leaves_and_others_are_told_apart_and_others_keep_gradients_on_request()
    {
        var x = ones(2, requires_grad: true);
        var y = x * 2;
        Assert.True(x.is_leaf && !y.is_leaf);
        y.retain_grad();
        y.square().sum().backward();
        Assert.Equal([4f, 4], y.grad!.data<float>().ToArray());
        Assert.Equal([8f, 8], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Backward_takes_gradients_and_chosen_leaves()
    {
        var x = ones(2, requires_grad: true);
        var y = ones(2, requires_grad: true);
        (x * y).backward([tensor(new[] { 1f, 3f })], inputs: [x]);
        Assert.Equal([1f, 3], x.grad!.data<float>().ToArray());
        Assert.Null(y.grad);
    }

    [Fact]
    public void The_graph_can_be_kept()
    {
        var x = ones(1, requires_grad: true);
        var y = x.square();
        y.backward(retain_graph: true);
        y.backward();
        Assert.Equal(4f, x.grad!.item<float>());
    }

    [Fact]
    public void Channels_last_changes_the_layout_and_not_the_values()
    {
        var x = randn(2, 3, 4, 5);
        var y = x.ChannelsLast();
        Assert.Equal([60, 1, 15, 3], y.stride());
        Assert.True(x.Equals(y));
        using var conv = nn.Conv2d(3, 4, 3).ChannelsLast();
        Assert.Equal([27, 1, 9, 3], conv.weight.stride());
        Assert.True(conv.weight.requires_grad);
    }

    [Fact]
    public void The_matrix_library_is_named() => Assert.Contains(TorchExtras.Blas, (string[])["openblas", "mkl", "reference", "built in"]);

    [Fact]
    public void Time_in_native_code_is_counted_while_somebody_asks()
    {
        var a = randn(300, 300);
        using var clock = TorchExtras.MeasureNativeTime();
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var i = 0; i < 5; i++)
            a.matmul(a).Dispose();
        var wall = System.Diagnostics.Stopwatch.GetElapsedTime(start);
        clock.Dispose();
        Assert.InRange(clock.Elapsed.TotalMilliseconds, wall.TotalMilliseconds * 0.3, wall.TotalMilliseconds * 1.01);
    }
}
