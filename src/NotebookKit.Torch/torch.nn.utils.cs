using TorchSharp.Modules;

namespace TorchSharp;

public static unsafe partial class torch
{
    public static partial class nn
    {
        /// <summary>Helpers over many parameters.</summary>
        public static class utils
        {
            /// <summary>Scales all gradients so that their joint Euclidean norm is at most <paramref name="max_norm"/>.</summary>
            /// <returns>the norm before</returns>
            public static double clip_grad_norm_(IEnumerable<Tensor> tensors, double max_norm, double norm_type = 2.0)
            {
                var list = tensors as Tensor[] ?? [.. tensors];
                if (norm_type == 2)
                {
                    var handles = autograd.Handles(list);
                    double norm;
                    int others;
                    fixed (nint* h = handles)
                        others = NativeMethods.kit_clip_grad_norm(h, handles.Length, max_norm, &norm);
                    GC.KeepAlive(list);
                    if (NativeMethods.Check(others, "clip_grad_norm_") == 0)
                        return norm;
                }

                return Composed(list, max_norm, norm_type);
            }

            /// <summary>Scales all gradients so that their joint Euclidean norm is at most <paramref name="max_norm"/>.</summary>
            /// <returns>the norm before</returns>
            public static double clip_grad_norm_(IEnumerable<Parameter> parameters, double max_norm, double norm_type = 2.0) =>
                clip_grad_norm_((IEnumerable<Tensor>)parameters, max_norm, norm_type);

            /// <summary>Limits each element of the gradients to ±<paramref name="clip_value"/>.</summary>
            public static void clip_grad_value_(IEnumerable<Tensor> tensors, double clip_value)
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                foreach (var tensor in tensors)
                    tensor.grad?.clamp_(-clip_value, clip_value);
            }

            private static double Composed(Tensor[] tensors, double max_norm, double norm_type)
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                var grads = tensors.Select(t => t.grad).OfType<Tensor>().ToArray();
                if (grads.Length == 0)
                    return 0;
                // One tensor of norms, so that a GPU is waited for once.
                var norms = stack(grads.Select(g => Ops.linalg_vector_norm.Call(g, norm_type).to(ScalarType.Float64, grads[0].device)));
                var norm = Ops.linalg_vector_norm.Call(norms, norm_type).item<double>();
                var scale = max_norm / (norm + 1e-6);
                if (max_norm > 0 && scale < 1)
                    Ops._foreach_mul__Scalar.Run(Arg.Tensors(grads), scale);
                return norm;
            }
        }
    }
}
