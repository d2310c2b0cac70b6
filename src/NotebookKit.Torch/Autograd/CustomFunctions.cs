using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace TorchSharp;

public static unsafe partial class torch
{
    public static partial class autograd
    {
        /// <summary>A function of tensors with a backward of its own, one tensor as its result.</summary>
        /// <typeparam name="T">the function itself: <c>class Square : SingleTensorFunction&lt;Square&gt;</c></typeparam>
        public abstract class SingleTensorFunction<T> : IFunction where T : SingleTensorFunction<T>, new()
        {
            /// <summary>The function's name in messages.</summary>
            public abstract string Name { get; }

            /// <summary>Computes the result; nothing is recorded meanwhile.</summary>
            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>The gradients at the arguments of forward, given the one at its result; null where there is none.</summary>
            public abstract List<Tensor?> backward(AutogradContext ctx, Tensor grad_output);

            /// <summary>Applies the function; tensors among the arguments are recorded.</summary>
            public static Tensor apply(params object[] vars) => CustomFunctions.Apply(new T(), vars)[0];

            Tensor[] IFunction.Forward(AutogradContext ctx, object[] vars) => [forward(ctx, vars)];

            List<Tensor?> IFunction.Backward(AutogradContext ctx, Tensor[] grads) => backward(ctx, grads[0]);
        }

        /// <summary>A function of tensors with a backward of its own, several tensors as its result.</summary>
        /// <typeparam name="T">the function itself</typeparam>
        public abstract class MultiTensorFunction<T> : IFunction where T : MultiTensorFunction<T>, new()
        {
            /// <summary>The function's name in messages.</summary>
            public abstract string Name { get; }

            /// <summary>Computes the results; nothing is recorded meanwhile.</summary>
            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            /// <summary>The gradients at the arguments of forward, given those at its results; null where there is none.</summary>
            public abstract List<Tensor?> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            /// <summary>Applies the function; tensors among the arguments are recorded.</summary>
            public static List<Tensor> apply(params object[] vars) => [.. CustomFunctions.Apply(new T(), vars)];

            Tensor[] IFunction.Forward(AutogradContext ctx, object[] vars) => [.. forward(ctx, vars)];

            List<Tensor?> IFunction.Backward(AutogradContext ctx, Tensor[] grads) => backward(ctx, [.. grads]);
        }

        /// <summary>What both kinds of custom functions are to the machinery.</summary>
        internal interface IFunction
        {
            string Name { get; }

            Tensor[] Forward(AutogradContext ctx, object[] vars);

            List<Tensor?> Backward(AutogradContext ctx, Tensor[] grads);
        }

        [ThreadStatic] private static Exception? pending;
        private static Exception? pendingElsewhere;

        /// <summary>The exception of a managed callback that has just failed a native call, if any; it is handed out once.</summary>
        internal static Exception? TakePending()
        {
            var found = pending ?? Interlocked.Exchange(ref pendingElsewhere, null);
            pending = null;
            pendingElsewhere = null;
            return found;
        }

        private static class CustomFunctions
        {
            private const int Capacity = 256;
            private static readonly ConcurrentDictionary<long, (IFunction Function, AutogradContext Context)> Nodes = new();
            private static long last;

            static CustomFunctions() => NativeMethods.kit_function_callbacks(&OnForward, &OnBackward, &OnRelease);

            public static Tensor[] Apply(IFunction function, object[] vars)
            {
                var positions = Enumerable.Range(0, vars.Length).Where(i => vars[i] is Tensor).ToArray();
                var context = new AutogradContext { Arguments = vars, TensorPositions = positions };
                var inputs = Array.ConvertAll(positions, i => (Tensor)vars[i]);
                var id = Interlocked.Increment(ref last);
                Nodes[id] = (function, context);
                var handles = Handles(inputs);
                var outputs = stackalloc nint[Capacity];
                int count;
                fixed (nint* h = handles)
                    count = NativeMethods.kit_function_apply(id, h, handles.Length, outputs, Capacity);
                GC.KeepAlive(inputs);
                context.Arguments = [];
                NativeMethods.Check(count, function.Name);
                var results = new Tensor[count];
                for (var i = 0; i < count; i++)
                    results[i] = new Tensor(outputs[i]);
                return results;
            }

            [UnmanagedCallersOnly]
            private static int OnForward(long id, nint native, nint* inputs, int count, nint* outputs, int capacity) =>
                Guarded(id, native, inputs, count, outputs, capacity, (node, given) =>
                {
                    var vars = (object[])node.Context.Arguments.Clone();
                    for (var i = 0; i < given.Length; i++)
                        vars[node.Context.TensorPositions[i]] = given[i];
                    return node.Function.Forward(node.Context, vars);
                });

            [UnmanagedCallersOnly]
            private static int OnBackward(long id, nint native, nint* inputs, int count, nint* outputs, int capacity) =>
                Guarded(id, native, inputs, count, outputs, capacity, (node, given) =>
                {
                    var grads = node.Function.Backward(node.Context, given);
                    // One gradient per argument, of which only the tensors' count; or one per tensor.
                    var positions = node.Context.TensorPositions;
                    return grads.Count == positions.Length ? [.. grads] : [.. positions.Select(p => p < grads.Count ? grads[p] : null)];
                });

            [UnmanagedCallersOnly]
            private static void OnRelease(long id) => Nodes.TryRemove(id, out _);

            private static int Guarded(long id, nint native, nint* inputs, int count, nint* outputs, int capacity, Func<(IFunction Function, AutogradContext Context), Tensor[], Tensor?[]> body)
            {
                try
                {
                    // Nothing that the function makes outlives it but its results, which go over as fresh handles.
                    using var scope = NewDisposeScope();
                    var given = new Tensor[count];
                    for (var i = 0; i < count; i++)
                        given[i] = inputs[i] == 0 ? null! : new Tensor(inputs[i]);
                    var node = Nodes[id];
                    node.Context.Native = native;
                    var results = body(node, given);
                    if (results.Length > capacity)
                        throw new InvalidOperationException($"{node.Function.Name} gives {results.Length} tensors; {capacity} are the most.");
                    for (var i = 0; i < results.Length; i++)
                        outputs[i] = results[i] is { } tensor ? NativeMethods.kit_copy_handle(tensor.Handle) : 0;
                    return results.Length;
                }
                catch (Exception e)
                {
                    // On a CUDA graph backward runs on a thread of libtorch: then the waiting thread finds it here.
                    pending = e;
                    pendingElsewhere = e;
                    return -1;
                }
            }
        }
    }
}
