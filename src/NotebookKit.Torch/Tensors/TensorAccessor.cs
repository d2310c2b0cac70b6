using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.Utils;

/// <summary>The elements of a tensor in row-major order, to read and, on the processor, to write.</summary>
/// <typeparam name="T">the .NET type of an element</typeparam>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly Tensor tensor;
    private readonly bool owned;
    private readonly T* start;
    private readonly long[] shape;
    private readonly long[] strides;
    private readonly bool contiguous;

    internal TensorAccessor(Tensor source)
    {
        owned = source.device_type != DeviceType.CPU;
        // A copy of data elsewhere belongs to the accessor, not to the scope in which it happens to be made.
        tensor = owned ? source.cpu().DetachFromDisposeScope() : source;
        shape = tensor.shape;
        strides = tensor.stride();
        contiguous = tensor.is_contiguous();
        Count = tensor.numel();
        start = Count == 0 ? null : (T*)tensor.DataPointer();
    }

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>The element at a position of the flattened tensor.</summary>
    public T this[long index]
    {
        get
        {
            var value = start[Offset(index)];
            GC.KeepAlive(this);
            return value;
        }

        set
        {
            start[Offset(index)] = value;
            GC.KeepAlive(this);
        }
    }

    /// <summary>The element at a position of each axis.</summary>
    public T this[params ReadOnlySpan<long> indices]
    {
        get => this[Flat(indices)];
        set => this[Flat(indices)] = value;
    }

    /// <summary>The memory of a contiguous tensor, valid while the accessor is in use.</summary>
    public Span<T> AsSpan() =>
        contiguous ? new Span<T>(start, checked((int)Count)) : throw new InvalidOperationException("Only a contiguous tensor has one span: call contiguous() first.");

    /// <summary>The elements, copied.</summary>
    public T[] ToArray()
    {
        var result = new T[Count];
        CopyTo(result.AsSpan());
        return result;
    }

    /// <summary>Copies the elements into an array.</summary>
    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0)
    {
        for (var i = tensorIndex; i < Count; i++)
            array[arrayIndex + i - tensorIndex] = this[i];
    }

    /// <summary>Copies the elements into memory.</summary>
    public void CopyTo(Span<T> destination)
    {
        if (contiguous)
            new ReadOnlySpan<T>(start, checked((int)Count)).CopyTo(destination);
        else
            for (var i = 0; i < Count; i++)
                destination[i] = start[Offset(i)];
        GC.KeepAlive(this);
    }

    /// <summary>Copies an array into the tensor.</summary>
    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom(array.AsSpan(arrayIndex), tensorIndex);

    /// <summary>Copies memory into the tensor.</summary>
    public void CopyFrom(ReadOnlySpan<T> source, long tensorIndex = 0)
    {
        var many = Math.Min(source.Length, Count - tensorIndex);
        for (var i = 0; i < many; i++)
            start[Offset(tensorIndex + i)] = source[i];
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        for (var i = 0L; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Releases the copy where there is one.</summary>
    public void Dispose()
    {
        if (owned)
            tensor.Dispose();
    }

    private long Flat(ReadOnlySpan<long> indices)
    {
        if (indices.Length != shape.Length)
            throw new ArgumentException($"{indices.Length} indices for {shape.Length} axes");
        var flat = 0L;
        for (var i = 0; i < indices.Length; i++)
        {
            if ((ulong)indices[i] >= (ulong)shape[i])
                throw new IndexOutOfRangeException($"{indices[i]} on axis {i} of length {shape[i]}");
            flat = flat * shape[i] + indices[i];
        }

        return flat;
    }

    private long Offset(long index)
    {
        if ((ulong)index >= (ulong)Count)
            throw new IndexOutOfRangeException($"{index} of {Count} elements");
        if (contiguous)
            return index;
        var offset = 0L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            offset += index % shape[axis] * strides[axis];
            index /= shape[axis];
        }

        return offset;
    }
}
