using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class ExceptionTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void A_wrong_matmul_throws_with_operator_shapes_types_and_reason()
    {
        var e = Assert.Throws<TorchException>(() => ones(2, 3).matmul(ones(4, 5, ScalarType.Float32)));
        Assert.Equal("matmul(float32(2, 3), float32(4, 5)): mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)", e.Message);
    }

    [Fact]
    public void Lists_numbers_and_absent_tensors_are_told_too()
    {
        var e = Assert.Throws<TorchException>(() => nn.functional.conv2d(ones(1, 3, 8, 8), ones(4, 2, 3, 3), padding: [1, 1]));
        Assert.StartsWith("conv2d(float32(1, 3, 8, 8), float32(4, 2, 3, 3), none, [1, 1], [1, 1], [1, 1], 1): Given groups=1", e.Message);
        e = Assert.Throws<TorchException>(() => cat([ones(2), ones(2, ScalarType.Int64, requires_grad: false).view(1, 2)], 0));
        Assert.StartsWith("cat([float32(2), int64(1, 2)], 0): ", e.Message);
    }

    [Fact]
    public void Backward_refuses_what_it_cannot_derive()
    {
        Assert.Contains("backward: ", Assert.Throws<TorchException>(() => ones(2).sum().backward()).Message);
        var loss = ones(2, requires_grad: true).square().sum();
        loss.backward();
        Assert.Contains("second time", Assert.Throws<TorchException>(() => loss.backward()).Message);
        var two = ones(2, requires_grad: true) * 2;
        Assert.Contains("scalar", Assert.Throws<TorchException>(() => two.backward()).Message);
    }

    [Fact]
    public void A_leaf_is_not_changed_while_recording()
    {
        var leaf = ones(2, requires_grad: true);
        Assert.Contains("leaf", Assert.Throws<TorchException>(() => leaf.add_(1)).Message);
        using (no_grad())
            leaf.add_(1);
        Assert.Equal(2f, leaf[0].item<float>());
    }

    [Fact]
    public void A_changed_tensor_is_noticed_in_backward()
    {
        var x = ones(2, requires_grad: true);
        var y = x.exp();
        var loss = y.sum();
        using (no_grad())
            y.mul_(2);
        Assert.Contains("modified by an inplace operation", Assert.Throws<TorchException>(() => loss.backward()).Message);
    }

    [Fact]
    public void An_operator_that_libtorch_lacks_is_named()
    {
        var op = new Op("surely_no_operator", "of_this_name");
        Assert.False(op.Exists);
        Assert.Contains("surely_no_operator.of_this_name", Assert.Throws<NotSupportedException>(() => op.Call(1)).Message);
    }

    [Fact]
    public void A_device_that_is_not_there_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new Device("gpu"));
        Assert.Throws<ArgumentException>(() => new Device("cuda:x"));
        Assert.Equal(new Device(DeviceType.CUDA, 1), new Device("cuda:1"));
        if (!cuda.is_available())
            Assert.Throws<TorchException>(() => ones(1).to("cuda"));
    }

    [Fact]
    public void A_disposed_tensor_is_refused_by_name()
    {
        var gone = ones(1);
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => gone.sum());
        Assert.Throws<ObjectDisposedException>(() => ones(1) + gone);
        Assert.Throws<ObjectDisposedException>(() => gone.shape);
        gone.Dispose();
    }
}
