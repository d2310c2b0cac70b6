namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The sum, broadcast.</summary>
        public Tensor add(Tensor other) => Ops.add_Tensor.Call(this, other);

        /// <summary>The sum with <paramref name="alpha"/> times <paramref name="other"/>, broadcast.</summary>
        public Tensor add(Tensor other, Scalar alpha) => Ops.add_Tensor.Call(this, other, alpha);

        /// <summary>The sum with a number.</summary>
        public Tensor add(Scalar other) => Ops.add_Scalar.Call(this, other);

        /// <summary>The sum with <paramref name="alpha"/> times a number.</summary>
        public Tensor add(Scalar other, Scalar alpha) => Ops.add_Scalar.Call(this, other, alpha);

        /// <summary>Adds <paramref name="other"/>, in place.</summary>
        public Tensor add_(Tensor other)
        {
            Ops.add__Tensor.Run(this, other);
            return this;
        }

        /// <summary>Adds <paramref name="alpha"/> times <paramref name="other"/>, in place.</summary>
        public Tensor add_(Tensor other, Scalar alpha)
        {
            Ops.add__Tensor.Run(this, other, alpha);
            return this;
        }

        /// <summary>Adds a number, in place.</summary>
        public Tensor add_(Scalar other)
        {
            Ops.add__Scalar.Run(this, other);
            return this;
        }

        /// <summary>The difference from <paramref name="other"/>, broadcast.</summary>
        public Tensor sub(Tensor other) => Ops.sub_Tensor.Call(this, other);

        /// <summary>The difference from <paramref name="alpha"/> times <paramref name="other"/>, broadcast.</summary>
        public Tensor sub(Tensor other, Scalar alpha) => Ops.sub_Tensor.Call(this, other, alpha);

        /// <summary>The difference from a number.</summary>
        public Tensor sub(Scalar other) => Ops.sub_Scalar.Call(this, other);

        /// <summary>Subtracts <paramref name="other"/>, in place.</summary>
        public Tensor sub_(Tensor other)
        {
            Ops.sub__Tensor.Run(this, other);
            return this;
        }

        /// <summary>Subtracts <paramref name="alpha"/> times <paramref name="other"/>, in place.</summary>
        public Tensor sub_(Tensor other, Scalar alpha)
        {
            Ops.sub__Tensor.Run(this, other, alpha);
            return this;
        }

        /// <summary>Subtracts a number, in place.</summary>
        public Tensor sub_(Scalar other)
        {
            Ops.sub__Scalar.Run(this, other);
            return this;
        }

        /// <summary>The product with <paramref name="other"/>, broadcast.</summary>
        public Tensor mul(Tensor other) => Ops.mul_Tensor.Call(this, other);

        /// <summary>The product with a number.</summary>
        public Tensor mul(Scalar other) => Ops.mul_Scalar.Call(this, other);

        /// <summary>Multiplies by <paramref name="other"/>, in place.</summary>
        public Tensor mul_(Tensor other)
        {
            Ops.mul__Tensor.Run(this, other);
            return this;
        }

        /// <summary>Multiplies by a number, in place.</summary>
        public Tensor mul_(Scalar other)
        {
            Ops.mul__Scalar.Run(this, other);
            return this;
        }

        /// <summary>The quotient by <paramref name="other"/>, broadcast.</summary>
        public Tensor div(Tensor other) => Ops.div_Tensor.Call(this, other);

        /// <summary>The quotient by a number.</summary>
        public Tensor div(Scalar other) => Ops.div_Scalar.Call(this, other);

        /// <summary>Divides by <paramref name="other"/>, in place.</summary>
        public Tensor div_(Tensor other)
        {
            Ops.div__Tensor.Run(this, other);
            return this;
        }

        /// <summary>Divides by a number, in place.</summary>
        public Tensor div_(Scalar other)
        {
            Ops.div__Scalar.Run(this, other);
            return this;
        }

        /// <summary>Each element to a power.</summary>
        public Tensor pow(Tensor exponent) => Ops.pow_Tensor_Tensor.Call(this, exponent);

        /// <summary>Each element to a power.</summary>
        public Tensor pow(Scalar exponent) => Ops.pow_Tensor_Scalar.Call(this, exponent);

        /// <summary>Each element to a power. In place.</summary>
        public Tensor pow_(Scalar exponent)
        {
            Ops.pow__Scalar.Run(this, exponent);
            return this;
        }

        /// <summary>The remainder with the sign of the divisor.</summary>
        public Tensor remainder(Tensor other) => Ops.remainder_Tensor.Call(this, other);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public Tensor remainder(Scalar other) => Ops.remainder_Scalar.Call(this, other);

        /// <summary>The remainder with the sign of the divisor. In place.</summary>
        public Tensor remainder_(Scalar other)
        {
            Ops.remainder__Scalar.Run(this, other);
            return this;
        }

        /// <summary>The remainder with the sign of the dividend.</summary>
        public Tensor fmod(Tensor other) => Ops.fmod_Tensor.Call(this, other);

        /// <summary>The remainder with the sign of the dividend.</summary>
        public Tensor fmod(Scalar other) => Ops.fmod_Scalar.Call(this, other);

        /// <summary>The remainder with the sign of the dividend. In place.</summary>
        public Tensor fmod_(Scalar other)
        {
            Ops.fmod__Scalar.Run(this, other);
            return this;
        }

        /// <summary>The larger of two elements, broadcast.</summary>
        public Tensor maximum(Tensor other) => Ops.maximum.Call(this, other);

        /// <summary>The smaller of two elements, broadcast.</summary>
        public Tensor minimum(Tensor other) => Ops.minimum.Call(this, other);

        /// <summary>The angle of the point (other, this).</summary>
        public Tensor atan2(Tensor other) => Ops.atan2.Call(this, other);

        /// <summary>Each element, not below <paramref name="min"/> nor above <paramref name="max"/>.</summary>
        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Ops.clamp.Call(this, min, max);

        /// <summary>Each element, not below <paramref name="min"/> nor above <paramref name="max"/>.</summary>
        public Tensor clamp(Tensor? min, Tensor? max = null) => Ops.clamp_Tensor.Call(this, min, max);

        /// <summary>As <see cref="clamp(Scalar?, Scalar?)"/>, in place.</summary>
        public Tensor clamp_(Scalar? min = null, Scalar? max = null)
        {
            Ops.clamp_.Run(this, min, max);
            return this;
        }

        /// <summary>Each element, not below <paramref name="min"/>.</summary>
        public Tensor clamp_min(Scalar min) => Ops.clamp_min.Call(this, min);

        /// <summary>Each element, not above <paramref name="max"/>.</summary>
        public Tensor clamp_max(Scalar max) => Ops.clamp_max.Call(this, max);

        /// <summary>The way from this to <paramref name="end"/>, <paramref name="weight"/> of it gone.</summary>
        public Tensor lerp(Tensor end, Scalar weight) => Ops.lerp_Scalar.Call(this, end, weight);

        /// <summary>The way from this to <paramref name="end"/>, <paramref name="weight"/> of it gone.</summary>
        public Tensor lerp(Tensor end, Tensor weight) => Ops.lerp_Tensor.Call(this, end, weight);

        /// <summary>As <see cref="lerp(Tensor, Scalar)"/>, in place.</summary>
        public Tensor lerp_(Tensor end, Scalar weight)
        {
            Ops.lerp__Scalar.Run(this, end, weight);
            return this;
        }

        /// <summary>this + value · tensor1 · tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Ops.addcmul.Call(this, tensor1, tensor2, value);

        /// <summary>this + value · tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Ops.addcdiv.Call(this, tensor1, tensor2, value);

        /// <summary>As <see cref="addcmul"/>, in place.</summary>
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            Ops.addcmul_.Run(this, tensor1, tensor2, value);
            return this;
        }

        /// <summary>As <see cref="addcdiv"/>, in place.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            Ops.addcdiv_.Run(this, tensor1, tensor2, value);
            return this;
        }

        /// <summary>Where <paramref name="condition"/> holds this, elsewhere <paramref name="y"/>.</summary>
        public Tensor where(Tensor condition, Tensor y) => Ops.where_self.Call(condition, this, y);

        /// <summary>A copy with <paramref name="value"/> where <paramref name="mask"/> holds.</summary>
        public Tensor masked_fill(Tensor mask, Scalar value) => Ops.masked_fill_Scalar.Call(this, mask, value);

        /// <summary>Puts <paramref name="value"/> where <paramref name="mask"/> holds.</summary>
        public Tensor masked_fill_(Tensor mask, Scalar value)
        {
            Ops.masked_fill__Scalar.Run(this, mask, value);
            return this;
        }
    }
}
