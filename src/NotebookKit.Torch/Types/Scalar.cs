namespace TorchSharp;

/// <summary>A number or truth value given to an operator beside tensors; it does not widen the tensor's type within its kind.</summary>
public readonly struct Scalar
{
    private readonly Tag tag;
    private readonly long payload;

    private Scalar(Tag tag, long payload) => (this.tag, this.payload) = (tag, payload);

    /// <summary>A whole number.</summary>
    public static implicit operator Scalar(byte value) => new(Tag.Int, value);

    /// <summary>A whole number.</summary>
    public static implicit operator Scalar(sbyte value) => new(Tag.Int, value);

    /// <summary>A whole number.</summary>
    public static implicit operator Scalar(short value) => new(Tag.Int, value);

    /// <summary>A whole number.</summary>
    public static implicit operator Scalar(int value) => new(Tag.Int, value);

    /// <summary>A whole number.</summary>
    public static implicit operator Scalar(long value) => new(Tag.Int, value);

    /// <summary>A number with a fraction.</summary>
    public static implicit operator Scalar(float value) => (double)value;

    /// <summary>A number with a fraction.</summary>
    public static implicit operator Scalar(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));

    /// <summary>A truth value.</summary>
    public static implicit operator Scalar(bool value) => new(Tag.Bool, value ? 1 : 0);

    /// <summary>A number with a fraction.</summary>
    public static implicit operator Scalar(Half value) => (double)value;

    /// <summary>The value as a whole number.</summary>
    public long ToInt64() => tag == Tag.Double ? (long)ToDouble() : payload;

    /// <summary>The value as a whole number.</summary>
    public int ToInt32() => checked((int)ToInt64());

    /// <summary>The value as a number.</summary>
    public double ToDouble() => tag == Tag.Double ? BitConverter.Int64BitsToDouble(payload) : payload;

    /// <summary>The value as a number.</summary>
    public float ToSingle() => (float)ToDouble();

    /// <summary>The value as a truth value.</summary>
    public bool ToBoolean() => tag == Tag.Double ? ToDouble() != 0 : payload != 0;

    internal bool IsFloat => tag == Tag.Double;
    internal bool IsBool => tag == Tag.Bool;

    internal Arg ToArg() => tag switch
    {
        Tag.Double => ToDouble(),
        Tag.Bool => payload != 0,
        _ => payload,
    };

    internal static Scalar From(KitValue value) => new(value.Tag, value.Payload);

    /// <inheritdoc/>
    public override string ToString() => tag switch
    {
        Tag.Double => ToDouble().ToString(System.Globalization.CultureInfo.InvariantCulture),
        Tag.Bool => ToBoolean().ToString(),
        _ => payload.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
