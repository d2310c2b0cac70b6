namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>e to the power of each element.</summary>
        public Tensor exp() => Ops.exp.Call(this);

        /// <summary>As <see cref="exp"/>, in place.</summary>
        public Tensor exp_()
        {
            Ops.exp_.Run(this);
            return this;
        }

        /// <summary>e to the power of each element, less 1.</summary>
        public Tensor expm1() => Ops.expm1.Call(this);

        /// <summary>As <see cref="expm1"/>, in place.</summary>
        public Tensor expm1_()
        {
            Ops.expm1_.Run(this);
            return this;
        }

        /// <summary>The natural logarithm of each element.</summary>
        public Tensor log() => Ops.log.Call(this);

        /// <summary>As <see cref="log"/>, in place.</summary>
        public Tensor log_()
        {
            Ops.log_.Run(this);
            return this;
        }

        /// <summary>The natural logarithm of 1 plus each element.</summary>
        public Tensor log1p() => Ops.log1p.Call(this);

        /// <summary>As <see cref="log1p"/>, in place.</summary>
        public Tensor log1p_()
        {
            Ops.log1p_.Run(this);
            return this;
        }

        /// <summary>The logarithm to base 2 of each element.</summary>
        public Tensor log2() => Ops.log2.Call(this);

        /// <summary>As <see cref="log2"/>, in place.</summary>
        public Tensor log2_()
        {
            Ops.log2_.Run(this);
            return this;
        }

        /// <summary>The logarithm to base 10 of each element.</summary>
        public Tensor log10() => Ops.log10.Call(this);

        /// <summary>As <see cref="log10"/>, in place.</summary>
        public Tensor log10_()
        {
            Ops.log10_.Run(this);
            return this;
        }

        /// <summary>The square root of each element.</summary>
        public Tensor sqrt() => Ops.sqrt.Call(this);

        /// <summary>As <see cref="sqrt"/>, in place.</summary>
        public Tensor sqrt_()
        {
            Ops.sqrt_.Run(this);
            return this;
        }

        /// <summary>1 over the square root of each element.</summary>
        public Tensor rsqrt() => Ops.rsqrt.Call(this);

        /// <summary>As <see cref="rsqrt"/>, in place.</summary>
        public Tensor rsqrt_()
        {
            Ops.rsqrt_.Run(this);
            return this;
        }

        /// <summary>The sine of each element.</summary>
        public Tensor sin() => Ops.sin.Call(this);

        /// <summary>As <see cref="sin"/>, in place.</summary>
        public Tensor sin_()
        {
            Ops.sin_.Run(this);
            return this;
        }

        /// <summary>The cosine of each element.</summary>
        public Tensor cos() => Ops.cos.Call(this);

        /// <summary>As <see cref="cos"/>, in place.</summary>
        public Tensor cos_()
        {
            Ops.cos_.Run(this);
            return this;
        }

        /// <summary>The tangent of each element.</summary>
        public Tensor tan() => Ops.tan.Call(this);

        /// <summary>As <see cref="tan"/>, in place.</summary>
        public Tensor tan_()
        {
            Ops.tan_.Run(this);
            return this;
        }

        /// <summary>The arc sine of each element.</summary>
        public Tensor asin() => Ops.asin.Call(this);

        /// <summary>As <see cref="asin"/>, in place.</summary>
        public Tensor asin_()
        {
            Ops.asin_.Run(this);
            return this;
        }

        /// <summary>The arc cosine of each element.</summary>
        public Tensor acos() => Ops.acos.Call(this);

        /// <summary>As <see cref="acos"/>, in place.</summary>
        public Tensor acos_()
        {
            Ops.acos_.Run(this);
            return this;
        }

        /// <summary>The arc tangent of each element.</summary>
        public Tensor atan() => Ops.atan.Call(this);

        /// <summary>As <see cref="atan"/>, in place.</summary>
        public Tensor atan_()
        {
            Ops.atan_.Run(this);
            return this;
        }

        /// <summary>The hyperbolic sine of each element.</summary>
        public Tensor sinh() => Ops.sinh.Call(this);

        /// <summary>As <see cref="sinh"/>, in place.</summary>
        public Tensor sinh_()
        {
            Ops.sinh_.Run(this);
            return this;
        }

        /// <summary>The hyperbolic cosine of each element.</summary>
        public Tensor cosh() => Ops.cosh.Call(this);

        /// <summary>As <see cref="cosh"/>, in place.</summary>
        public Tensor cosh_()
        {
            Ops.cosh_.Run(this);
            return this;
        }

        /// <summary>The hyperbolic tangent of each element.</summary>
        public Tensor tanh() => Ops.tanh.Call(this);

        /// <summary>As <see cref="tanh"/>, in place.</summary>
        public Tensor tanh_()
        {
            Ops.tanh_.Run(this);
            return this;
        }

        /// <summary>1 / (1 + e^-x) of each element.</summary>
        public Tensor sigmoid() => Ops.sigmoid.Call(this);

        /// <summary>As <see cref="sigmoid"/>, in place.</summary>
        public Tensor sigmoid_()
        {
            Ops.sigmoid_.Run(this);
            return this;
        }

        /// <summary>The error function of each element.</summary>
        public Tensor erf() => Ops.erf.Call(this);

        /// <summary>As <see cref="erf"/>, in place.</summary>
        public Tensor erf_()
        {
            Ops.erf_.Run(this);
            return this;
        }

        /// <summary>The inverse error function of each element.</summary>
        public Tensor erfinv() => Ops.erfinv.Call(this);

        /// <summary>As <see cref="erfinv"/>, in place.</summary>
        public Tensor erfinv_()
        {
            Ops.erfinv_.Run(this);
            return this;
        }
    }
}
