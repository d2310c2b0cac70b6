namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The sum, broadcast.</summary>
        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);

        /// <summary>The sum with a number.</summary>
        public static Tensor operator +(Tensor left, Scalar right) => left.add(right);

        /// <summary>The sum with a number.</summary>
        public static Tensor operator +(Scalar left, Tensor right) => right.add(left);

        /// <summary>The product, broadcast.</summary>
        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

        /// <summary>The product with a number.</summary>
        public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);

        /// <summary>The product with a number.</summary>
        public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);

        /// <summary>The difference, broadcast.</summary>
        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

        /// <summary>The difference from a number.</summary>
        public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);

        /// <summary>The difference of a number from each element.</summary>
        public static Tensor operator -(Scalar left, Tensor right) => Ops.rsub_Scalar.Call(right, left);

        /// <summary>The quotient, broadcast; of whole numbers it is a fraction.</summary>
        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

        /// <summary>The quotient by a number.</summary>
        public static Tensor operator /(Tensor left, Scalar right) => left.div(right);

        /// <summary>A number over each element.</summary>
        public static Tensor operator /(Scalar left, Tensor right)
        {
            using var inverse = right.reciprocal();
            return inverse.mul(left);
        }

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Tensor right) => left.remainder(right);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Scalar right) => left.remainder(right);

        /// <summary>Each element with its sign changed.</summary>
        public static Tensor operator -(Tensor tensor) => tensor.neg();

        /// <summary>Compares each element, broadcast: <see cref="eq(Tensor)"/>. (Ask whether there is a tensor by <c>is null</c>.)</summary>
        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);

        /// <summary>Compares each element with a number: <see cref="eq(Scalar)"/>.</summary>
        public static Tensor operator ==(Tensor left, Scalar right) => left.eq(right);

        /// <summary>Compares a number with each element.</summary>
        public static Tensor operator ==(Scalar left, Tensor right) => right.eq(left);

        /// <summary>Compares each element, broadcast: <see cref="ne(Tensor)"/>.</summary>
        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);

        /// <summary>Compares each element with a number: <see cref="ne(Scalar)"/>.</summary>
        public static Tensor operator !=(Tensor left, Scalar right) => left.ne(right);

        /// <summary>Compares a number with each element.</summary>
        public static Tensor operator !=(Scalar left, Tensor right) => right.ne(left);

        /// <summary>Compares each element, broadcast: <see cref="lt(Tensor)"/>.</summary>
        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);

        /// <summary>Compares each element with a number: <see cref="lt(Scalar)"/>.</summary>
        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);

        /// <summary>Compares a number with each element.</summary>
        public static Tensor operator <(Scalar left, Tensor right) => right.gt(left);

        /// <summary>Compares each element, broadcast: <see cref="le(Tensor)"/>.</summary>
        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);

        /// <summary>Compares each element with a number: <see cref="le(Scalar)"/>.</summary>
        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);

        /// <summary>Compares a number with each element.</summary>
        public static Tensor operator <=(Scalar left, Tensor right) => right.ge(left);

        /// <summary>Compares each element, broadcast: <see cref="gt(Tensor)"/>.</summary>
        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);

        /// <summary>Compares each element with a number: <see cref="gt(Scalar)"/>.</summary>
        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);

        /// <summary>Compares a number with each element.</summary>
        public static Tensor operator >(Scalar left, Tensor right) => right.lt(left);

        /// <summary>Compares each element, broadcast: <see cref="ge(Tensor)"/>.</summary>
        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);

        /// <summary>Compares each element with a number: <see cref="ge(Scalar)"/>.</summary>
        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);

        /// <summary>Compares a number with each element.</summary>
        public static Tensor operator >=(Scalar left, Tensor right) => right.le(left);

        /// <summary>Bit by bit: both.</summary>
        public static Tensor operator &(Tensor left, Tensor right) => Ops.bitwise_and_Tensor.Call(left, right);

        /// <summary>Bit by bit: either.</summary>
        public static Tensor operator |(Tensor left, Tensor right) => Ops.bitwise_or_Tensor.Call(left, right);

        /// <summary>Bit by bit: exactly one.</summary>
        public static Tensor operator ^(Tensor left, Tensor right) => Ops.bitwise_xor_Tensor.Call(left, right);

        /// <summary>Bit by bit: not.</summary>
        public static Tensor operator ~(Tensor tensor) => Ops.bitwise_not.Call(tensor);

        /// <summary>Whether the other is a tensor of the same shape with the same elements. (== compares element by element.)</summary>
        public override bool Equals(object? obj) => obj is Tensor other && (ReferenceEquals(this, other) || Equals(other));

        /// <summary>Whether shape and all elements are the same.</summary>
        public bool Equals(Tensor target) => Ops.equal.CallValue(this, target).Payload != 0;

        /// <summary>The object's own; equal tensors have different ones.</summary>
        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}
