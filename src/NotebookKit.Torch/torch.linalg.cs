namespace TorchSharp;

public static partial class torch
{
    /// <summary>Linear algebra.</summary>
    public static class linalg
    {
        /// <summary>A = U · diag(S) · Vh, the singular values falling.</summary>
        public static (Tensor U, Tensor S, Tensor Vh) svd(Tensor A, bool fullMatrices = true) =>
            Ops.linalg_svd.Call3(A, fullMatrices);

        /// <summary>The singular values, falling.</summary>
        public static Tensor svdvals(Tensor A) => Ops.linalg_svdvals.Call(A);

        /// <summary>A = Q · R.</summary>
        public static (Tensor Q, Tensor R) qr(Tensor A, QRMode mode = QRMode.Reduced) =>
            Ops.linalg_qr.Call2(A, mode == QRMode.Complete ? "complete" : mode == QRMode.R ? "r" : "reduced");

        /// <summary>What <see cref="qr"/> gives.</summary>
        public enum QRMode
        {
            /// <summary>Q as wide as needed.</summary>
            Reduced,

            /// <summary>Q square.</summary>
            Complete,

            /// <summary>R alone.</summary>
            R,
        }

        /// <summary>The Euclidean norm of a vector, or Frobenius' of a matrix.</summary>
        public static Tensor norm(Tensor A, string? ord = null, long[]? dims = null, bool keepdim = false) =>
            ord is null ? Ops.linalg_norm.Call(A, Arg.None, dims, keepdim) : Ops.linalg_norm_ord_str.Call(A, ord, dims, keepdim);

        /// <summary>The norm of given order.</summary>
        public static Tensor norm(Tensor A, double ord, long[]? dims = null, bool keepdim = false) => Ops.linalg_norm.Call(A, ord, dims, keepdim);

        /// <summary>The vector norm of given order over axes.</summary>
        public static Tensor vector_norm(Tensor A, double ord = 2, long[]? dims = null, bool keepdim = false) =>
            Ops.linalg_vector_norm.Call(A, ord, dims, keepdim);

        /// <summary>The inverse of a square matrix.</summary>
        public static Tensor inv(Tensor A) => Ops.linalg_inv.Call(A);

        /// <summary>The X for which A · X = B.</summary>
        public static Tensor solve(Tensor A, Tensor B) => Ops.linalg_solve.Call(A, B);

        /// <summary>The determinant of a square matrix.</summary>
        public static Tensor det(Tensor A) => Ops.linalg_det.Call(A);

        /// <summary>The eigenvalues and vectors of a symmetric matrix, rising.</summary>
        public static (Tensor, Tensor) eigh(Tensor A, char UPLO = 'L') => Ops.linalg_eigh.Call2(A, UPLO.ToString());

        /// <summary>The lower triangle L for which A = L · Lᵀ.</summary>
        public static Tensor cholesky(Tensor A) => Ops.linalg_cholesky.Call(A);
    }
}
