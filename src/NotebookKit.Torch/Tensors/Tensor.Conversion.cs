namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The tensor with another element type; an alias where it has it and no copy is asked for.</summary>
        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            Then(Ops.to_dtype.Call(this, type, non_blocking, copy), disposeAfter);

        /// <summary>The tensor on a device; an alias where it is there and no copy is asked for.</summary>
        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) => to(dtype, device, copy, disposeAfter, non_blocking);

        /// <summary>The tensor on a device; an alias where it is there and no copy is asked for.</summary>
        public Tensor to(DeviceType deviceType, int deviceIndex = -1, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(deviceType, deviceIndex), copy, disposeAfter, non_blocking);

        /// <summary>The tensor on a device with an element type; an alias where both are so and no copy is asked for.</summary>
        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            Then(Ops.to_device.Call(this, device, type, non_blocking, copy), disposeAfter);

        /// <summary>The tensor with the type and device of another.</summary>
        public Tensor to(Tensor other, bool non_blocking = false) => to(other.dtype, other.device, non_blocking: non_blocking);

        /// <summary>The tensor with the element type of another.</summary>
        public Tensor type_as(Tensor tensor) => to(tensor.dtype);

        /// <summary>The tensor with another element type.</summary>
        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) => to(type, copy, disposeAfter, non_blocking);

        /// <summary>The tensor in single precision.</summary>
        public Tensor @float() => to(ScalarType.Float32);

        /// <summary>The tensor in double precision.</summary>
        public Tensor @double() => to(ScalarType.Float64);

        /// <summary>The tensor in half precision.</summary>
        public Tensor half() => to(ScalarType.Float16);

        /// <summary>The tensor in bfloat16.</summary>
        public Tensor bfloat16() => to(ScalarType.BFloat16);

        /// <summary>The tensor as 64-bit whole numbers.</summary>
        public Tensor @long() => to(ScalarType.Int64);

        /// <summary>The tensor as 32-bit whole numbers.</summary>
        public Tensor @int() => to(ScalarType.Int32);

        /// <summary>The tensor as bytes.</summary>
        public Tensor @byte() => to(ScalarType.Byte);

        /// <summary>The tensor as truth values.</summary>
        public Tensor @bool() => to(ScalarType.Bool);

        /// <summary>The tensor on the processor.</summary>
        public Tensor cpu() => to(CPU);

        /// <summary>The tensor on a CUDA device.</summary>
        public Tensor cuda(Device? device = null) => to(device ?? CUDA);

        /// <summary>A copy, recorded for backward.</summary>
        public Tensor clone() => Ops.clone.Call(this);

        /// <summary>Copies the elements of <paramref name="source"/> here, broadcast and converted.</summary>
        public Tensor copy_(Tensor source, bool non_blocking = false)
        {
            Ops.copy_.Run(this, source, non_blocking);
            return this;
        }

        /// <summary>Makes the tensor look at the memory of another one, with its shape; not while recording.</summary>
        public Tensor set_(Tensor source)
        {
            Ops.set__source_Tensor.Run(this, source);
            return this;
        }

        /// <summary>Sets every element to 0.</summary>
        public Tensor zero_()
        {
            Ops.zero_.Run(this);
            return this;
        }

        /// <summary>Sets every element to a number.</summary>
        public Tensor fill_(Scalar value)
        {
            Ops.fill__Scalar.Run(this, value);
            return this;
        }

        /// <summary>Fills with numbers of the normal distribution.</summary>
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null)
        {
            Ops.normal_.Run(this, mean, std, generator);
            return this;
        }

        /// <summary>Fills with numbers between <paramref name="from"/> and <paramref name="to"/>.</summary>
        public Tensor uniform_(double from = 0.0, double to = 1.0, Generator? generator = null)
        {
            Ops.uniform_.Run(this, from, to, generator);
            return this;
        }

        /// <summary>Fills with whole numbers from <paramref name="low"/> up to but without <paramref name="high"/>.</summary>
        public Tensor random_(long low, long high, Generator? generator = null)
        {
            Ops.random__from.Run(this, low, high, generator);
            return this;
        }

        /// <summary>Fills with 1 at a probability, else 0.</summary>
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null)
        {
            Ops.bernoulli__float.Run(this, p, generator);
            return this;
        }

        /// <summary>1 at the probability that each element is, else 0.</summary>
        public Tensor bernoulli(Generator? generator = null) => Ops.bernoulli.Call(this, generator);

        /// <summary>Positions drawn with the elements of each row as weights.</summary>
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            Ops.multinomial.Call(this, num_samples, replacement, generator);

        private Tensor Then(Tensor result, bool disposeAfter)
        {
            if (disposeAfter)
                Dispose();
            return result;
        }
    }
}
