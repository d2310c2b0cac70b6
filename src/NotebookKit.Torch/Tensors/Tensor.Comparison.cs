namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>True where the element is equal to <paramref name="right"/>.</summary>
        public Tensor eq(Tensor right) => Ops.eq_Tensor.Call(this, right);

        /// <summary>True where the element is equal to <paramref name="right"/>.</summary>
        public Tensor eq(Scalar right) => Ops.eq_Scalar.Call(this, right);

        /// <summary>True where the element is different from <paramref name="right"/>.</summary>
        public Tensor ne(Tensor right) => Ops.ne_Tensor.Call(this, right);

        /// <summary>True where the element is different from <paramref name="right"/>.</summary>
        public Tensor ne(Scalar right) => Ops.ne_Scalar.Call(this, right);

        /// <summary>True where the element is less than <paramref name="right"/>.</summary>
        public Tensor lt(Tensor right) => Ops.lt_Tensor.Call(this, right);

        /// <summary>True where the element is less than <paramref name="right"/>.</summary>
        public Tensor lt(Scalar right) => Ops.lt_Scalar.Call(this, right);

        /// <summary>True where the element is not above <paramref name="right"/>.</summary>
        public Tensor le(Tensor right) => Ops.le_Tensor.Call(this, right);

        /// <summary>True where the element is not above <paramref name="right"/>.</summary>
        public Tensor le(Scalar right) => Ops.le_Scalar.Call(this, right);

        /// <summary>True where the element is greater than <paramref name="right"/>.</summary>
        public Tensor gt(Tensor right) => Ops.gt_Tensor.Call(this, right);

        /// <summary>True where the element is greater than <paramref name="right"/>.</summary>
        public Tensor gt(Scalar right) => Ops.gt_Scalar.Call(this, right);

        /// <summary>True where the element is not below <paramref name="right"/>.</summary>
        public Tensor ge(Tensor right) => Ops.ge_Tensor.Call(this, right);

        /// <summary>True where the element is not below <paramref name="right"/>.</summary>
        public Tensor ge(Scalar right) => Ops.ge_Scalar.Call(this, right);

        /// <summary>True where both are true.</summary>
        public Tensor logical_and(Tensor other) => Ops.logical_and.Call(this, other);

        /// <summary>True where either is true.</summary>
        public Tensor logical_or(Tensor other) => Ops.logical_or.Call(this, other);

        /// <summary>True where exactly one is true.</summary>
        public Tensor logical_xor(Tensor other) => Ops.logical_xor.Call(this, other);

        /// <summary>Whether all elements of two tensors are as near as |a - b| ≤ atol + rtol·|b|.</summary>
        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) =>
            Ops.allclose.CallValue(this, target, rtol, atol, equal_nan).Payload != 0;

        /// <summary>True where two elements are as near as |a - b| ≤ atol + rtol·|b|.</summary>
        public Tensor isclose(Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) =>
            Ops.isclose.Call(this, other, rtol, atol, nanEqual);

        /// <summary>True where two elements are equal. (<see cref="Equals(Tensor)"/> asks for all.)</summary>
        public Tensor equal(Tensor target) => eq(target);
    }
}
