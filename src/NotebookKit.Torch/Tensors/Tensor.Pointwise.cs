namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The absolute value of each element.</summary>
        public Tensor abs() => Ops.abs.Call(this);

        /// <summary>As <see cref="abs"/>, in place.</summary>
        public Tensor abs_()
        {
            Ops.abs_.Run(this);
            return this;
        }

        /// <summary>The square of each element.</summary>
        public Tensor square() => Ops.square.Call(this);

        /// <summary>As <see cref="square"/>, in place.</summary>
        public Tensor square_()
        {
            Ops.square_.Run(this);
            return this;
        }

        /// <summary>1 over each element.</summary>
        public Tensor reciprocal() => Ops.reciprocal.Call(this);

        /// <summary>As <see cref="reciprocal"/>, in place.</summary>
        public Tensor reciprocal_()
        {
            Ops.reciprocal_.Run(this);
            return this;
        }

        /// <summary>Each element with its sign changed.</summary>
        public Tensor neg() => Ops.neg.Call(this);

        /// <summary>As <see cref="neg"/>, in place.</summary>
        public Tensor neg_()
        {
            Ops.neg_.Run(this);
            return this;
        }

        /// <summary>The largest whole number not above each element.</summary>
        public Tensor floor() => Ops.floor.Call(this);

        /// <summary>As <see cref="floor"/>, in place.</summary>
        public Tensor floor_()
        {
            Ops.floor_.Run(this);
            return this;
        }

        /// <summary>The smallest whole number not below each element.</summary>
        public Tensor ceil() => Ops.ceil.Call(this);

        /// <summary>As <see cref="ceil"/>, in place.</summary>
        public Tensor ceil_()
        {
            Ops.ceil_.Run(this);
            return this;
        }

        /// <summary>The nearest whole number, ties to even.</summary>
        public Tensor round() => Ops.round.Call(this);

        /// <summary>As <see cref="round"/>, in place.</summary>
        public Tensor round_()
        {
            Ops.round_.Run(this);
            return this;
        }

        /// <summary>Each element without its fraction.</summary>
        public Tensor trunc() => Ops.trunc.Call(this);

        /// <summary>As <see cref="trunc"/>, in place.</summary>
        public Tensor trunc_()
        {
            Ops.trunc_.Run(this);
            return this;
        }

        /// <summary>The fraction of each element.</summary>
        public Tensor frac() => Ops.frac.Call(this);

        /// <summary>As <see cref="frac"/>, in place.</summary>
        public Tensor frac_()
        {
            Ops.frac_.Run(this);
            return this;
        }

        /// <summary>-1, 0 or 1 of each element.</summary>
        public Tensor sign() => Ops.sign.Call(this);

        /// <summary>As <see cref="sign"/>, in place.</summary>
        public Tensor sign_()
        {
            Ops.sign_.Run(this);
            return this;
        }

        /// <summary>Each element, or 0 where it is negative.</summary>
        public Tensor relu() => Ops.relu.Call(this);

        /// <summary>As <see cref="relu"/>, in place.</summary>
        public Tensor relu_()
        {
            Ops.relu_.Run(this);
            return this;
        }

        /// <summary>True where the element is 0 or false.</summary>
        public Tensor logical_not() => Ops.logical_not.Call(this);

        /// <summary>As <see cref="logical_not"/>, in place.</summary>
        public Tensor logical_not_()
        {
            Ops.logical_not_.Run(this);
            return this;
        }

        /// <summary>True where the element is not a number.</summary>
        public Tensor isnan() => Ops.isnan.Call(this);

        /// <summary>True where the element is infinite.</summary>
        public Tensor isinf() => Ops.isinf.Call(this);

        /// <summary>True where the element is finite.</summary>
        public Tensor isfinite() => Ops.isfinite.Call(this);
    }
}
