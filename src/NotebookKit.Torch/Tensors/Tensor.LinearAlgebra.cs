namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The matrix product; leading axes are broadcast.</summary>
        public Tensor matmul(Tensor target) => Ops.matmul.Call(this, target);

        /// <summary>The product of two matrices.</summary>
        public Tensor mm(Tensor target) => Ops.mm.Call(this, target);

        /// <summary>The products of two batches of matrices: (B, n, m) · (B, m, p).</summary>
        public Tensor bmm(Tensor batch2) => Ops.bmm.Call(this, batch2);

        /// <summary>The product of a matrix and a vector.</summary>
        public Tensor mv(Tensor target) => Ops.mv.Call(this, target);

        /// <summary>The inner product of two vectors.</summary>
        public Tensor dot(Tensor target) => Ops.dot.Call(this, target);

        /// <summary>The outer product of two vectors.</summary>
        public Tensor outer(Tensor vec2) => Ops.outer.Call(this, vec2);

        /// <summary>beta · this + alpha · batch1 · batch2, per batch.</summary>
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) =>
            Ops.baddbmm.Call(this, batch1, batch2, (double)beta, (double)alpha);

        /// <summary>beta · this + alpha · mat1 · mat2.</summary>
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Ops.addmm.Call(this, mat1, mat2, (double)beta, (double)alpha);

        /// <summary>beta · this + alpha · mat1 · mat2, written into this.</summary>
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1)
        {
            Ops.addmm_.Run(this, mat1, mat2, (double)beta, (double)alpha);
            return this;
        }

        /// <summary>Softmax over an axis.</summary>
        public Tensor softmax(long dim, ScalarType? dtype = null) => Ops.softmax_int.Call(this, dim, dtype);

        /// <summary>The logarithm of softmax over an axis.</summary>
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Ops.log_softmax_int.Call(this, dim, dtype);

        /// <summary>x · Φ(x), elementwise.</summary>
        public Tensor gelu() => Ops.gelu.Call(this);

        /// <summary>x · sigmoid(x), elementwise.</summary>
        public Tensor silu() => Ops.silu.Call(this);

        /// <summary>As <see cref="silu"/>, in place.</summary>
        public Tensor silu_()
        {
            Ops.silu_.Run(this);
            return this;
        }
    }
}
