using NotebookKit.Charts;
using NotebookKit.Images;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Display;

/// <summary>What a tensor looks like in a notebook: its shape, its numbers when they are few, itself where it is a picture.</summary>
internal static class TensorText
{
    private const int MostNumbers = 64, SmallestSide = 8, LargestSide = 2048;

    /// <summary>"float32 (2, 3) on cpu", and below it up to 64 numbers, row by row.</summary>
    public static string Of(Tensor tensor)
    {
        if (tensor.IsInvalid)
            return "a tensor that was disposed";
        var name = tensor.dtype switch
        {
            ScalarType.Byte => "uint8",
            ScalarType.BFloat16 => "bfloat16",
            var type => type.ToString().ToLowerInvariant()
        };
        var head = $"{name} ({string.Join(", ", tensor.shape)}) on {tensor.device}";
        return tensor.device_type != DeviceType.META && tensor.numel() is > 0 and <= MostNumbers && !tensor.is_complex()
            && !tensor.is_sparse ? $"{head}\n{Rows(tensor)}" : head;
    }

    /// <summary>The picture that a tensor (C, H, W) or (1, C, H, W) of one or three channels is; null for every other.</summary>
    public static RgbImage? ImageOf(Tensor tensor)
    {
        if (tensor.IsInvalid || tensor.device_type == DeviceType.META || !tensor.is_floating_point() || tensor.is_sparse)
            return null;
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var picture = tensor.dim() == 4 && tensor.shape[0] == 1 ? tensor[0] : tensor;
        if (picture.dim() != 3 || picture.shape[0] is not (1 or 3) || picture.shape[1] is < SmallestSide or > LargestSide
            || picture.shape[2] is < SmallestSide or > LargestSide)
            return null;
        picture = picture.detach().to(ScalarType.Float32).cpu();
        var (low, high) = (picture.min().item<float>(), picture.max().item<float>());
        if (!(low >= -1 && high <= 1))
            return null;
        return ImageTensor.FromTensor((low < 0 ? picture : picture * 2 - 1).expand(3, -1, -1));
    }

    private static string Rows(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var numbers = tensor.detach().to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
        var words = numbers.Select(n => tensor.dtype == ScalarType.Bool ? n != 0 ? "true" : "false" : NumberText.Short(n)).ToList();
        var columns = tensor.dim() == 0 ? 1 : (int)tensor.shape[^1];
        var widths = words.Chunk(columns).Aggregate(new int[columns],
            (most, row) => [.. most.Zip(row, (width, word) => Math.Max(width, word.Length))]);
        var block = tensor.dim() < 3 ? int.MaxValue : (int)tensor.shape[^2];
        var lines = words.Chunk(columns).Select(row => string.Join("  ", row.Select((word, column) => word.PadLeft(widths[column]))));
        return string.Join("\n\n", lines.Chunk(block).Select(rows => string.Join('\n', rows)));
    }
}
