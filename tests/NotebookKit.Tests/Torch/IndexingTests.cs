using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Torch;

public sealed class IndexingTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Tensor cube = arange(24).view(2, 3, 4);

    public void Dispose() => scope.Dispose();

    private static long[] Of(Tensor t) => t.contiguous().data<long>().ToArray();

    [Fact]
    public void Numbers_take_axes_away()
    {
        Assert.Equal([12, 13, 14, 15], Of(cube[1, 0]));
        Assert.Equal(23, cube[1, 2, 3].item<long>());
        Assert.Equal(23, cube[-1, -1, -1].item<long>());
        Assert.Equal(23, cube[^1, ^1, ^1].item<long>());
    }

    [Fact]
    public void Slices_keep_axes()
    {
        Assert.Equal([1, 5, 9], Of(cube[0, .., 1]));
        Assert.Equal([4, 5, 8, 9], Of(cube[0, 1.., ..2]));
        Assert.Equal([4, 5, 8, 9], Of(cube[0, TensorIndex.Slice(1), TensorIndex.Slice(stop: 2)]));
        Assert.Equal([0, 2], Of(cube[0, 0, TensorIndex.Slice(step: 2)]));
        Assert.Equal([2, 3], Of(cube[0, 0, ^2..]));
        Assert.Equal([0, 1], Of(cube[0, 0, ..^2]));
        Assert.Equal(0, cube[^0..].numel());
    }

    [Fact]
    public void Ellipsis_and_new_axes_fill_up()
    {
        Assert.Equal([3, 7, 11, 15, 19, 23], Of(cube[TensorIndex.Ellipsis, 3]));
        Assert.Equal([2, 1, 3, 1, 4], cube[TensorIndex.Colon, TensorIndex.Null, TensorIndex.Ellipsis, TensorIndex.None, TensorIndex.Colon].shape);
        Assert.Throws<ArgumentException>(() => cube[TensorIndex.Ellipsis, TensorIndex.Ellipsis]);
        Assert.Throws<ArgumentException>(() => cube[0, 0, 0, TensorIndex.Single(0)]);
    }

    [Fact]
    public void Tensors_pick_positions_and_masks_pick_elements()
    {
        var positions = tensor(new long[] { 2, 0 });
        Assert.Equal([8, 9, 10, 11, 0, 1, 2, 3], Of(cube[0][positions]));
        Assert.Equal([10, 0], Of(cube[0, positions, positions]));
        Assert.Equal([2, 0, 14, 12], Of(cube[.., 0, positions]));
        Assert.Equal([21, 22, 23], Of(cube[cube.gt(20)]));
        Assert.Equal([2, 2, 4], cube[.., tensor(new[] { true, false, true })].shape);
    }

    [Fact]
    public void Parts_can_be_stored_into()
    {
        var m = zeros(2, 3, ScalarType.Int64);
        m[0] = tensor(7L);
        m[1, 1..] = tensor(new long[] { 1, 2 });
        Assert.Equal([7, 7, 7, 0, 1, 2], Of(m));
        m[m.eq(7)] = tensor(3L);
        m[.., tensor(new long[] { 0 })] = tensor(new long[,] { { 8 }, { 9 } });
        Assert.Equal([8, 3, 3, 9, 1, 2], Of(m));
        m[1, 2] = tensor(5L);
        Assert.Equal(5, m[1, 2].item<long>());
    }

    [Fact]
    public void A_view_shares_its_data()
    {
        var row = cube[0, 0];
        row.fill_(-1);
        Assert.Equal(-1, cube[0, 0, 3].item<long>());
        row.Dispose();
        Assert.Equal(4, cube[0, 1, 0].item<long>());
    }
}
