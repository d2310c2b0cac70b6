namespace TorchSharp;

public static unsafe partial class torch
{
    public partial class Tensor
    {
        /// <summary>The only element.</summary>
        /// <exception cref="TorchException">The tensor has not exactly one element.</exception>
        public Scalar ToScalar() => Scalar.From(Ops.item.CallValue(this));

        /// <summary>The only element as a .NET number; it is converted where the types differ.</summary>
        /// <exception cref="TorchException">The tensor has not exactly one element.</exception>
        public T item<T>() where T : unmanaged
        {
            var value = ToScalar();
            if (typeof(T) == typeof(float))
                return (T)(object)value.ToSingle();
            if (typeof(T) == typeof(double))
                return (T)(object)value.ToDouble();
            if (typeof(T) == typeof(long))
                return (T)(object)value.ToInt64();
            if (typeof(T) == typeof(int))
                return (T)(object)value.ToInt32();
            if (typeof(T) == typeof(bool))
                return (T)(object)value.ToBoolean();
            return (T)Convert.ChangeType(value.IsFloat ? value.ToDouble() : value.ToInt64(), typeof(T), System.Globalization.CultureInfo.InvariantCulture);
        }

        /// <summary>The only element as single precision.</summary>
        public float ToSingle() => item<float>();

        /// <summary>The only element as double precision.</summary>
        public double ToDouble() => item<double>();

        /// <summary>The only element as a whole number.</summary>
        public long ToInt64() => item<long>();

        /// <summary>The only element as a whole number.</summary>
        public int ToInt32() => item<int>();

        /// <summary>The only element as a truth value.</summary>
        public bool ToBoolean() => item<bool>();

        /// <summary>The elements, to read and write. On a device they are a copy.</summary>
        /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the element type.</exception>
        public TorchSharp.Utils.TensorAccessor<T> data<T>() where T : unmanaged
        {
            if (TypeOf<T>() != dtype && !(typeof(T) == typeof(ushort) && dtype == ScalarType.BFloat16))
                throw new ArgumentException($"data<{typeof(T).Name}>() of a tensor of {dtype.ShortName()}: convert it with to() first.");
            return new TorchSharp.Utils.TensorAccessor<T>(this);
        }

        /// <summary>The memory of a contiguous tensor on the processor; valid while the tensor is.</summary>
        /// <exception cref="InvalidOperationException">The tensor is not contiguous, or not on the processor.</exception>
        public Span<byte> bytes
        {
            get
            {
                if (!is_contiguous() || device_type != DeviceType.CPU)
                    throw new InvalidOperationException($"bytes of {Summary()}: it must be contiguous and on the CPU.");
                return new Span<byte>(DataPointer(), checked((int)(numel() * element_size())));
            }

            set
            {
                var here = bytes;
                if (value.Length != here.Length)
                    throw new ArgumentException($"{value.Length} bytes for {Summary()}, which takes {here.Length}");
                value.CopyTo(here);
            }
        }

        /// <summary>Where the first element lies; valid while the tensor is.</summary>
        internal void* DataPointer()
        {
            void* data;
            NativeMethods.Check(NativeMethods.kit_data(Handle, &data), "data");
            GC.KeepAlive(this);
            return data;
        }

        /// <summary>A tensor on the processor filled from memory.</summary>
        internal static Tensor From<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> shape, ScalarType? dtype, Device? device, bool requires_grad) where T : unmanaged
        {
            var made = Ops.empty_memory_format.Call(shape, TypeOf<T>());
            var expected = made.numel();
            if (expected != data.Length)
            {
                made.Dispose();
                throw new ArgumentException($"{data.Length} elements do not fill the shape ({string.Join(", ", shape.ToArray())}).");
            }

            data.CopyTo(new Span<T>(made.DataPointer(), data.Length));
            if ((dtype is { } type && type != made.dtype) || (device is not null && device.type != DeviceType.CPU))
            {
                var converted = made.to(dtype ?? made.dtype, device ?? CPU);
                made.Dispose();
                made = converted;
            }

            return requires_grad ? made.requires_grad_() : made;
        }
    }
}
