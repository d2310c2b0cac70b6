using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>What a <see cref="KitValue"/> holds; the same numbers as in kit_torch.cpp.</summary>
internal enum Tag
{
    None, Tensor, Int, Double, Bool, IntList, TensorList, DoubleList, BoolList, String, Device, Generator, Default, OptionalTensorList,
}

/// <summary>One argument or result as it crosses the boundary: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KitValue
{
    public Tag Tag;
    public int Count;
    public long Payload;

    public readonly double Double => BitConverter.Int64BitsToDouble(Payload);
}

/// <summary>
/// One argument of an operator: the value that crosses the boundary, and the object that must stay alive meanwhile.
/// Lists lie in a scratch ring of the calling thread, so that a call allocates nothing.
/// </summary>
internal readonly unsafe struct Arg
{
    /// <summary>The schema's default for this argument.</summary>
    public static Arg Default => new(Tag.Default, 0);

    /// <summary>No value.</summary>
    public static Arg None => default;

    public readonly object? Owner;
    public readonly KitValue Value;

    private Arg(Tag tag, long payload, int count = 0, object? owner = null)
    {
        Value = new KitValue { Tag = tag, Count = count, Payload = payload };
        Owner = owner;
    }

    public static implicit operator Arg(torch.Tensor? tensor) => tensor is null ? default : new(Tag.Tensor, tensor.Handle, 0, tensor);
    public static implicit operator Arg(long value) => new(Tag.Int, value);
    public static implicit operator Arg(long? value) => value is { } v ? new(Tag.Int, v) : default;
    public static implicit operator Arg(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(double? value) => value is { } v ? v : default(Arg);
    public static implicit operator Arg(bool value) => new(Tag.Bool, value ? 1 : 0);
    public static implicit operator Arg(Scalar value) => value.ToArg();
    public static implicit operator Arg(Scalar? value) => value is { } v ? v.ToArg() : default;
    public static implicit operator Arg(torch.ScalarType value) => new(Tag.Int, (long)value);
    public static implicit operator Arg(torch.ScalarType? value) => value is { } v ? new(Tag.Int, (long)v) : default;
    public static implicit operator Arg(torch.Device? device) => device is null ? default : new(Tag.Device, device.Packed);
    public static implicit operator Arg(torch.Generator? generator) => generator is null ? default : new(Tag.Generator, generator.Handle, 0, generator);
    public static implicit operator Arg(string? text) => text is null ? default : Utf8(Encoding.UTF8.GetBytes(text));
    public static implicit operator Arg(ReadOnlySpan<long> list) => List(Tag.IntList, list);
    public static implicit operator Arg(long[]? list) => list is null ? default : List(Tag.IntList, list.AsSpan());
    public static implicit operator Arg(ReadOnlySpan<double> list) => List(Tag.DoubleList, list);
    public static implicit operator Arg(double[]? list) => list is null ? default : List(Tag.DoubleList, list.AsSpan());

    /// <summary>A value of two equal numbers, for two-dimensional strides and paddings.</summary>
    public static Arg Pair(long first, long second) => List(Tag.IntList, [first, second]);

    /// <summary>Text that is already UTF-8.</summary>
    public static Arg Utf8(ReadOnlySpan<byte> text)
    {
        var place = Scratch.Take((text.Length + 7) / 8, out var owner);
        text.CopyTo(new Span<byte>(place, text.Length));
        return new Arg(Tag.String, (long)place, text.Length, owner);
    }

    /// <summary>Two-state flags.</summary>
    public static Arg Bools(ReadOnlySpan<bool> flags)
    {
        var place = Scratch.Take(flags.Length, out var owner);
        for (var i = 0; i < flags.Length; i++)
            place[i] = flags[i] ? 1 : 0;
        return new Arg(Tag.BoolList, (long)place, flags.Length, owner);
    }

    /// <summary>A list of tensors; with <paramref name="optional"/>, missing ones are allowed.</summary>
    public static Arg Tensors(IReadOnlyList<torch.Tensor?> tensors, bool optional = false)
    {
        // The owner is an array that nobody else can change while the handles are in use.
        var kept = new torch.Tensor?[tensors.Count + 1];
        var place = Scratch.Take(tensors.Count, out var owner);
        for (var i = 0; i < tensors.Count; i++)
        {
            kept[i] = tensors[i];
            place[i] = tensors[i]?.Handle ?? 0;
        }

        return new Arg(optional ? Tag.OptionalTensorList : Tag.TensorList, (long)place, tensors.Count, owner is null ? (object)kept : new object[] { owner, kept });
    }

    private static Arg List<T>(Tag tag, ReadOnlySpan<T> list) where T : unmanaged
    {
        var place = Scratch.Take(list.Length, out var owner);
        list.CopyTo(new Span<T>(place, list.Length));
        return new Arg(tag, (long)place, list.Length, owner);
    }
}

/// <summary>Memory of the calling thread for the lists among an operator's arguments, reused in a ring.</summary>
internal static unsafe class Scratch
{
    private const int Length = 4096;
    private const int Largest = 256;

    [ThreadStatic] private static long[]? ring;
    [ThreadStatic] private static int next;

    /// <summary>Room for <paramref name="count"/> words; <paramref name="owner"/> keeps it alive where it is not the ring.</summary>
    public static long* Take(int count, out object? owner)
    {
        // One operator takes at most a dozen lists: what it has taken is not overwritten before it is called.
        if (count > Largest)
        {
            var own = GC.AllocateUninitializedArray<long>(count, pinned: true);
            owner = own;
            return (long*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(own));
        }

        ring ??= GC.AllocateArray<long>(Length, pinned: true);
        if (next + count > Length)
            next = 0;
        owner = null;
        var place = (long*)Unsafe.AsPointer(ref ring[next == Length ? 0 : next]);
        next += count;
        return place;
    }
}
