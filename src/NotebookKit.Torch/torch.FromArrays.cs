namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>A tensor without axes that holds one number or truth value.</summary>
    public static Tensor tensor<T>(T scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) where T : unmanaged =>
        Tensor.From<T>([scalar], [], dtype, device, requires_grad);

    /// <summary>A tensor of one axis from an array, copied.</summary>
    public static Tensor tensor<T>(T[] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) where T : unmanaged =>
        Tensor.From<T>(data, [data.Length], dtype, device, requires_grad);

    /// <summary>A tensor of one axis from a list, copied.</summary>
    public static Tensor tensor<T>(IList<T> data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) where T : unmanaged =>
        Tensor.From<T>(data as T[] ?? [.. data], [data.Count], dtype, device, requires_grad);

    /// <summary>A tensor of a given shape from a list in row-major order, copied.</summary>
    /// <exception cref="ArgumentException">The elements do not fill the shape.</exception>
    public static Tensor tensor<T>(IList<T> data, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) where T : unmanaged =>
        Tensor.From<T>(data as T[] ?? [.. data], dimensions, dtype, device, requires_grad);

    /// <summary>A tensor of two axes from an array, copied.</summary>
    public static Tensor tensor<T>(T[,] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) where T : unmanaged
    {
        fixed (T* first = data)
            return Tensor.From(new ReadOnlySpan<T>(first, data.Length), [data.GetLength(0), data.GetLength(1)], dtype, device, requires_grad);
    }

    /// <summary>A tensor of three axes from an array, copied.</summary>
    public static Tensor tensor<T>(T[,,] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) where T : unmanaged
    {
        fixed (T* first = data)
            return Tensor.From(new ReadOnlySpan<T>(first, data.Length), [data.GetLength(0), data.GetLength(1), data.GetLength(2)], dtype, device, requires_grad);
    }

    /// <summary>A tensor of four axes from an array, copied.</summary>
    public static Tensor tensor<T>(T[,,,] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) where T : unmanaged
    {
        fixed (T* first = data)
            return Tensor.From(new ReadOnlySpan<T>(first, data.Length), [data.GetLength(0), data.GetLength(1), data.GetLength(2), data.GetLength(3)], dtype, device, requires_grad);
    }

    /// <summary>A tensor from an array of any number of axes, copied.</summary>
    public static Tensor from_array(Array data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var shape = new long[data.Rank];
        for (var axis = 0; axis < shape.Length; axis++)
            shape[axis] = data.GetLength(axis);
        return data switch
        {
            float[] or float[,] or float[,,] or float[,,,] => From<float>(data, shape, dtype, device, requires_grad),
            double[] or double[,] or double[,,] or double[,,,] => From<double>(data, shape, dtype, device, requires_grad),
            long[] or long[,] or long[,,] or long[,,,] => From<long>(data, shape, dtype, device, requires_grad),
            int[] or int[,] or int[,,] or int[,,,] => From<int>(data, shape, dtype, device, requires_grad),
            byte[] or byte[,] or byte[,,] or byte[,,,] => From<byte>(data, shape, dtype, device, requires_grad),
            bool[] or bool[,] or bool[,,] or bool[,,,] => From<bool>(data, shape, dtype, device, requires_grad),
            _ => throw new ArgumentException($"{data.GetType().Name} cannot become a tensor."),
        };
    }

    private static Tensor From<T>(Array data, long[] shape, ScalarType? dtype, Device? device, bool requires_grad) where T : unmanaged
    {
        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(data))
            return Tensor.From(new ReadOnlySpan<T>(first, data.Length), shape, dtype, device, requires_grad);
    }
}
