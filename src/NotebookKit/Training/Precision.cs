using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>Which types a device can compute in.</summary>
public static class Precision
{
    /// <summary>Refuses a type before a base is loaded in it: libtorch before 2.x has no float16 products on a processor.</summary>
    /// <param name="dtype">What the base is to compute in.</param>
    /// <param name="device">Where.</param>
    /// <exception cref="BadInputException">It cannot; the sentence says what can.</exception>
    public static void Check(ScalarType dtype, Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (dtype == ScalarType.Float16 && device.type == DeviceType.CPU && !MultipliesHalves())
            throw new BadInputException($"--dtype fp16 cannot be computed on the processor: libtorch {__version__} multiplies no float16 matrices there; take --dtype bf16 or fp32, or a GPU (--device cuda).");
    }

    /// <summary>
    /// Whether a GPU may multiply float32 numbers with ten bits of fraction (TF32), several times faster. Without a choice
    /// libtorch does so in convolutions and not in other products.
    /// </summary>
    public static bool AllowTF32
    {
        set => (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (value, value);
    }

    private static bool MultipliesHalves()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        try
        {
            var half = ones([1, 1, 2, 2], ScalarType.Float16);
            _ = mm(half[0, 0], half[0, 0]);
            _ = nn.functional.conv2d(half, half);
            return true;
        }
        catch (Exception e) when (e is ExternalException or InvalidOperationException)
        {
            return false;
        }
    }
}
