namespace TorchSharp;

public static unsafe partial class torch
{
    public static partial class autograd
    {
        /// <summary>What a custom function keeps between forward and backward.</summary>
        public sealed class AutogradContext
        {
            private readonly Dictionary<string, object?> saved = [];
            internal nint Native;
            internal object[] Arguments = [];
            internal int[] TensorPositions = [];

            /// <summary>Keeps tensors for backward; they are guarded against changes in place.</summary>
            public void save_for_backward(params IEnumerable<Tensor> tensors) => Pass(tensors, handles =>
            {
                fixed (nint* h = handles)
                    return NativeMethods.kit_context_save(Native, h, handles.Length);
            });

            /// <summary>The tensors that forward kept.</summary>
            public List<Tensor> get_saved_variables()
            {
                const int capacity = 256;
                var handles = stackalloc nint[capacity];
                var count = NativeMethods.Check(NativeMethods.kit_context_saved(Native, handles, capacity), "get_saved_variables");
                var tensors = new List<Tensor>(count);
                for (var i = 0; i < count; i++)
                    tensors.Add(new Tensor(handles[i]));
                return tensors;
            }

            /// <summary>Says that outputs have no gradient.</summary>
            public void mark_non_differentiable(params IEnumerable<Tensor> outputs) => Mark(outputs, 0);

            /// <summary>Says that forward has changed inputs in place.</summary>
            public void mark_dirty(params IEnumerable<Tensor> inputs) => Mark(inputs, 1);

            /// <summary>Keeps any object for backward.</summary>
            public void save_data(string key, object? data) => saved[key] = data;

            /// <summary>An object that forward kept.</summary>
            public object? get_data(string key) => saved[key];

            private void Mark(IEnumerable<Tensor> tensors, int kind) => Pass(tensors, handles =>
            {
                fixed (nint* h = handles)
                    return NativeMethods.kit_context_mark(Native, h, handles.Length, kind);
            });

            private static void Pass(IEnumerable<Tensor> tensors, Func<nint[], int> call)
            {
                var kept = tensors.ToArray();
                NativeMethods.Check(call(Handles(kept)), "autograd context");
                GC.KeepAlive(kept);
            }
        }
    }
}
