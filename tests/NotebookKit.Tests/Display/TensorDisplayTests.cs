using NotebookKit.Display;
using NotebookKit.Images;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Display;

public sealed class TensorDisplayTests
{
    [Fact]
    public void A_large_tensor_says_its_type_its_shape_and_its_device()
    {
        using var tensor = zeros(2, 4, 8, 8);
        Assert.Equal("float32 (2, 4, 8, 8) on cpu", Text(tensor));
        using var half = zeros([70, 70], ScalarType.BFloat16);
        Assert.Equal("bfloat16 (70, 70) on cpu", Text(half));
        using var meta = zeros([2], device: META);
        Assert.Equal("float32 (2) on meta", Text(meta));
    }

    [Fact]
    public void A_small_one_shows_its_numbers_row_by_row()
    {
        using var matrix = tensor(new[] { 1.0 / 3, -2, 30, 1e-9 }).reshape(2, 2);
        Assert.Equal("float64 (2, 2) on cpu\n0.3333    -2\n    30  1e-9", Text(matrix));
        using var blocks = arange(8).reshape(2, 2, 2);
        Assert.Equal("int64 (2, 2, 2) on cpu\n0  1\n2  3\n\n4  5\n6  7", Text(blocks));
        using var scalar = tensor(2.5f, requires_grad: true);
        Assert.Equal("float32 () on cpu\n2.5", Text(scalar));
        using var flags = tensor(new[] { true, false });
        Assert.Equal("bool (2) on cpu\ntrue  false", Text(flags));
        using var turned = matrix.t();
        Assert.Equal("float64 (2, 2) on cpu\n0.3333    30\n    -2  1e-9", Text(turned));
        using var none = zeros(0, 3);
        Assert.Equal("float32 (0, 3) on cpu", Text(none));
    }

    [Fact]
    public void A_disposed_one_says_so()
    {
        var tensor = zeros(3);
        tensor.Dispose();
        Assert.Equal(["text/plain"], DisplayFormat.Mime(tensor).Keys);
        Assert.Equal("a tensor that was disposed", Text(tensor));
    }

    [Theory]
    [InlineData(new long[] { 3, 8, 12 }, true)]
    [InlineData(new long[] { 1, 3, 8, 12 }, true)]
    [InlineData(new long[] { 1, 8, 12 }, true)]
    [InlineData(new long[] { 1, 1, 8, 12 }, true)]
    [InlineData(new long[] { 4, 8, 12 }, false)]
    [InlineData(new long[] { 2, 3, 8, 12 }, false)]
    [InlineData(new long[] { 3, 7, 12 }, false)]
    [InlineData(new long[] { 8, 12 }, false)]
    public void A_tensor_of_a_pictures_shape_is_a_picture(long[] shape, bool picture)
    {
        using var tensor = rand(shape);
        Assert.Equal(picture, DisplayFormat.Mime(tensor).ContainsKey("image/png"));
    }

    [Fact]
    public void Its_values_are_read_as_0_to_1_or_as_minus_1_to_1_and_beyond_it_is_no_picture()
    {
        using var positive = ones(1, 8, 8);
        positive[0, 0, 0] = 0;
        var pixels = Decoded(positive).Pixels;
        Assert.Equal((0, 255), (pixels[0], pixels[3]));
        using var signed = positive * 2 - 1;
        Assert.Equal(pixels, Decoded(signed).Pixels);
        using var beyond = positive * 3;
        Assert.DoesNotContain("image/png", DisplayFormat.Mime(beyond).Keys);
        using var broken = positive * float.NaN;
        Assert.DoesNotContain("image/png", DisplayFormat.Mime(broken).Keys);
    }

    [Fact]
    public void A_panel_shows_it_as_a_picture_or_as_its_text()
    {
        using var picture = rand(3, 8, 8);
        using var numbers = zeros(2);
        var html = DisplayFormat.Mime(new Panel(picture, numbers))["text/html"];
        Assert.Contains("<img src=\"data:image/png", html, StringComparison.Ordinal);
        Assert.Contains("float32 (2) on cpu", html, StringComparison.Ordinal);
    }

    private static string Text(Tensor tensor) => DisplayFormat.Mime(tensor)["text/plain"];

    private static RgbImage Decoded(Tensor tensor) =>
        RgbImage.Decode(Convert.FromBase64String(DisplayFormat.Mime(tensor)["image/png"]), "png");
}
