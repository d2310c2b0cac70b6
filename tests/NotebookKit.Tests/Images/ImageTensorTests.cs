using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Images;

public sealed class ImageTensorTests
{
    [Fact]
    public void Channels_come_first_and_values_lie_between_minus_one_and_one()
    {
        using var scope = NewDisposeScope();
        var made = ImageTensor.ToTensor(new RgbImage(2, 1, [0, 51, 255, 255, 102, 0]));
        Assert.Equal([3L, 1L, 2L], made.shape);
        Assert.Equal(ScalarType.Float32, made.dtype);
        Assert.Equal([-1f, 1f, -0.6f, -0.2f, 1f, -1f], made.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Every_byte_comes_back()
    {
        using var scope = NewDisposeScope();
        var image = new RgbImage(16, 16, [.. Enumerable.Range(0, 768).Select(i => (byte)i)]);
        Assert.Equal(image.Pixels, ImageTensor.FromTensor(ImageTensor.ToTensor(image)).Pixels);
    }

    [Fact]
    public void What_is_out_of_range_is_clamped()
    {
        using var scope = NewDisposeScope();
        var wild = tensor(new[] { -7f, float.PositiveInfinity, 0.5f / 127.5f }, [3L, 1L, 1L]);
        Assert.Equal([0, 255, 128], ImageTensor.FromTensor(wild).Pixels);
        Assert.Contains("(1, 3, 1, 1)", Assert.Throws<ArgumentException>(() => ImageTensor.FromTensor(wild.unsqueeze(0))).Message);
    }

    [Fact]
    public void A_picture_of_another_layout_and_type_is_read_right()
    {
        using var scope = NewDisposeScope();
        var image = new RgbImage(2, 3, [.. Enumerable.Range(0, 18).Select(i => (byte)(14 * i))]);
        var turned = ImageTensor.ToTensor(image).permute(1, 2, 0).contiguous().permute(2, 0, 1).to(ScalarType.Float64).requires_grad_();
        Assert.Equal(image.Pixels, ImageTensor.FromTensor(turned).Pixels);
    }
}
