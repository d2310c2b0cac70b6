using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// Numbers in 8 bits each (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization"): each block of 256 is
/// divided by its largest magnitude, and each number becomes the nearest of 256 values that lie the closer, the smaller
/// they are: the paper's dynamic tree quantisation, seven decades wide.
/// </summary>
public static class BlockwiseQuantization
{
    /// <summary>Numbers that share a scale. Each block adds 4 bytes.</summary>
    public const int BlockSize = 256;

    // The code of zero in the map of numbers from 0 on; the smallest number is one above it.
    private const int Zero = 0;

    private static readonly double[] SignedMap = Map(signed: true);
    private static readonly double[] UnsignedMap = Map(signed: false);

    /// <summary>The 256 values, ascending: from -1 to 1, or from 0 to 1.</summary>
    /// <param name="signed">Whether half of them are below zero.</param>
    public static IReadOnlyList<double> Values(bool signed) => signed ? SignedMap : UnsignedMap;

    /// <summary>Quantises.</summary>
    /// <param name="values">(n), float32.</param>
    /// <param name="signed">Whether there are numbers below zero.</param>
    /// <returns>Codes (n), uint8, and the largest magnitude of each block, (⌈n / 256⌉), float32.</returns>
    public static (Tensor Codes, Tensor Scales) Quantize(Tensor values, bool signed)
    {
        using var scope = NewDisposeScope();
        var count = values.shape[0];
        var blocks = (count + BlockSize - 1) / BlockSize;
        var padded = blocks * BlockSize == count ? values
            : cat([values, zeros([(blocks * BlockSize) - count], values.dtype, values.device)]);
        var rows = padded.view(blocks, BlockSize);
        var scales = rows.abs().amax([1]); // (blocks)
        var shares = rows / scales.clamp(min: float.Epsilon).unsqueeze(1);
        var map = signed ? SignedMap : UnsignedMap;
        var middles = tensor(map.Zip(map.Skip(1), (low, high) => (float)((low + high) / 2)).ToArray()).to(values.device);
        var codes = bucketize(shares, middles, outInt32: true);
        if (!signed)
        {
            // A small square that became 0 would let the next step divide by nothing.
            codes = codes.maximum(rows.gt(0).to(ScalarType.Int32) * (Zero + 1));
        }

        return (codes.to(ScalarType.Byte).flatten().narrow(0, 0, count).clone().MoveToOuterDisposeScope(),
            scales.MoveToOuterDisposeScope());
    }

    /// <summary>The numbers that codes stand for.</summary>
    /// <param name="codes">(n), uint8.</param>
    /// <param name="scales">(⌈n / 256⌉), float32.</param>
    /// <param name="signed">As they were quantised.</param>
    /// <returns>(n), float32.</returns>
    public static Tensor Dequantize(Tensor codes, Tensor scales, bool signed)
    {
        using var scope = NewDisposeScope();
        var map = tensor((signed ? SignedMap : UnsignedMap).Select(value => (float)value).ToArray()).to(codes.device);
        var values = map.index_select(0, codes.to(ScalarType.Int32));
        var count = codes.shape[0];
        var whole = count / BlockSize * BlockSize;
        if (whole > 0)
            values.narrow(0, 0, whole).view(-1, BlockSize).mul_(scales.narrow(0, 0, whole / BlockSize).unsqueeze(1));
        if (whole < count)
            values.narrow(0, whole, count - whole).mul_(scales.narrow(0, scales.shape[0] - 1, 1));
        return values.MoveToOuterDisposeScope();
    }

    // Seven decades; the one from 10^-e on is cut into as many even parts as its leading bits leave room for, and each part
    // is stood for by its middle.
    private static double[] Map(bool signed)
    {
        const int decades = 7;
        var values = new List<double> { 0, 1 };
        for (var decade = 0; decade < decades; decade++)
        {
            var parts = 1 << (signed ? decade : decade + 1);
            var scale = Math.Pow(10, decade - decades + 1);
            for (var part = 0; part < parts; part++)
            {
                var middle = scale * (0.1 + (0.9 * (part + 0.5) / parts));
                values.Add(middle);
                if (signed)
                    values.Add(-middle);
            }
        }

        return [.. values.Order()];
    }
}
