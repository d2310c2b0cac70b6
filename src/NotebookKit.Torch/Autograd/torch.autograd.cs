namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>Gradients.</summary>
    public static partial class autograd
    {
        /// <summary>Adds the gradients of <paramref name="tensors"/> to the leaves that they depend on.</summary>
        /// <param name="tensors">what is derived; one number each, unless <paramref name="grad_tensors"/> are given</param>
        /// <param name="grad_tensors">the gradients at <paramref name="tensors"/></param>
        /// <param name="retain_graph">keeps the graph for another backward; as <paramref name="create_graph"/> where not given</param>
        /// <param name="create_graph">records the derivation itself</param>
        /// <param name="inputs">the only leaves that get gradients</param>
        /// <exception cref="TorchException">libtorch's reason.</exception>
        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            var roots = Handles(tensors);
            var grads = Handles(grad_tensors);
            var leaves = Handles(inputs);
            int status;
            fixed (nint* r = roots, g = grads, l = leaves)
                status = NativeMethods.kit_backward(r, roots.Length, g, grads.Length, retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, l, leaves.Length);
            KeepAlive(tensors, grad_tensors, inputs);
            NativeMethods.Check(status, "backward");
        }

        /// <summary>The gradients of <paramref name="outputs"/> at <paramref name="inputs"/>.</summary>
        /// <param name="outputs">what is derived</param>
        /// <param name="inputs">with respect to what</param>
        /// <param name="grad_outputs">the gradients at <paramref name="outputs"/></param>
        /// <param name="retain_graph">keeps the graph for another derivation</param>
        /// <param name="create_graph">records the derivation itself</param>
        /// <param name="allow_unused">gives null for inputs that no output depends on, instead of throwing</param>
        /// <exception cref="TorchException">libtorch's reason.</exception>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var roots = Handles(outputs);
            var leaves = Handles(inputs);
            var grads = Handles(grad_outputs);
            var results = new nint[leaves.Length];
            int status;
            fixed (nint* r = roots, g = grads, l = leaves, found = results)
                status = NativeMethods.kit_grad(r, roots.Length, l, leaves.Length, g, grads.Length, retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, found);
            KeepAlive(outputs, inputs, grad_outputs);
            NativeMethods.Check(status, "autograd.grad");
            return Array.ConvertAll(results, handle => handle == 0 ? null! : new Tensor(handle));
        }

        private static void KeepAlive(object? a, object? b, object? c)
        {
            GC.KeepAlive(a);
            GC.KeepAlive(b);
            GC.KeepAlive(c);
        }

        internal static nint[] Handles<T>(IEnumerable<T>? tensors) where T : Tensor => tensors is null ? [] : [.. tensors.Select(t => t.Handle)];
    }
}
