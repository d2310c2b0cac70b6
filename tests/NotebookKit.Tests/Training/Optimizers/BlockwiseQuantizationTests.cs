using NotebookKit.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Optimizers;

public sealed class BlockwiseQuantizationTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(true, -0.9929687)]
    [InlineData(false, 0)]
    public void The_map_has_256_values_over_seven_decades(bool signed, double least)
    {
        var values = BlockwiseQuantization.Values(signed);
        Assert.Equal(256, values.Count);
        Assert.Equal(256, values.Distinct().Count());
        Assert.Equal(1, values[^1]);
        Assert.Contains(0, values);
        Assert.Equal(least, values[0], 1e-6);
        Assert.InRange(values.Where(value => value > 0).Min(), 1e-7, 1e-6);
    }

    [Theory]
    [InlineData(true, 700)]
    [InlineData(true, 256)]
    [InlineData(false, 1000)]
    [InlineData(false, 3)]
    public void Each_number_becomes_the_nearest_value_of_its_block(bool signed, int count)
    {
        using var random = new Generator(5);
        var values = signed ? randn([count], generator: random) : rand([count], generator: random).pow(4);
        values.narrow(0, 0, 1).zero_();
        var (codes, scales) = BlockwiseQuantization.Quantize(values, signed);
        Assert.Equal(ScalarType.Byte, codes.dtype);
        Assert.Equal((count + 255) / 256, scales.shape[0]);
        var back = BlockwiseQuantization.Dequantize(codes, scales, signed).data<float>().ToArray();
        var given = values.data<float>().ToArray();
        for (var block = 0; block < count; block += 256)
        {
            var members = given[block..Math.Min(count, block + 256)];
            double scale = members.Max(Math.Abs);
            for (var i = 0; i < members.Length; i++)
            {
                var nearest = BlockwiseQuantization.Values(signed).Select(value => value * scale)
                    .Where(value => signed || members[i] == 0 || value > 0).MinBy(value => Math.Abs(value - members[i]));
                Assert.Equal(nearest, back[block + i], 1e-6 * scale);
            }
        }
    }

    [Fact]
    public void A_small_square_never_becomes_zero()
    {
        var (codes, scales) = BlockwiseQuantization.Quantize(tensor(new[] { 1f, 1e-12f, 0f }), signed: false);
        var back = BlockwiseQuantization.Dequantize(codes, scales, signed: false).data<float>().ToArray();
        Assert.True(back[1] > 0);
        Assert.Equal(0, back[2]);
    }

    [Fact]
    public void A_block_of_zeros_stays_zero()
    {
        var (codes, scales) = BlockwiseQuantization.Quantize(zeros([300]), signed: true);
        Assert.Equal(0, BlockwiseQuantization.Dequantize(codes, scales, signed: true).abs().max().item<float>());
    }
}
