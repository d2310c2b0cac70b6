using TorchSharp.Modules;

namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>Optimizers.</summary>
    public static partial class optim
    {
        /// <summary>Changes parameters by their gradients.</summary>
        public abstract class Optimizer : IDisposable
        {
            private readonly List<ParamGroup> groups = [];

            /// <summary>The groups of parameters, each with its own settings.</summary>
            public virtual IEnumerable<ParamGroup> ParamGroups => groups;

            /// <summary>All parameters.</summary>
            public virtual IEnumerable<Parameter> parameters() => groups.SelectMany(group => group.Parameters);

            /// <summary>Changes every parameter that has a gradient.</summary>
            /// <param name="closure">computes the loss anew, before</param>
            /// <returns>the closure's loss</returns>
            public virtual Tensor? step(Func<Tensor>? closure = null)
            {
                Tensor? loss = null;
                if (closure is not null)
                    using (enable_grad())
                        loss = closure();
                using var noGrad = no_grad();
                foreach (var group in groups)
                    Step(group);
                return loss;
            }

            /// <summary>Drops the gradients of all parameters, or sets them to zero.</summary>
            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var group in groups)
                    ZeroGrad(group.Items, set_to_none);
            }

            /// <summary>Adds a group.</summary>
            public virtual void add_param_group(ParamGroup group)
            {
                group.Seal();
                groups.Add(group);
            }

            /// <summary>Changes the parameters of one group.</summary>
            internal abstract void Step(ParamGroup group);

            /// <summary>Releases what is kept for the parameters.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Releases what is kept for the parameters.</summary>
            protected virtual void Dispose(bool disposing)
            {
                foreach (var group in groups)
                    group.Release();
            }
        }

        /// <summary>Parameters that share settings.</summary>
        public class ParamGroup
        {
            /// <summary>A group of parameters.</summary>
            public ParamGroup(IEnumerable<Parameter> parameters, double? lr = null)
            {
                Parameters = parameters;
                Rate = lr;
            }

            internal double? Rate;
            internal Parameter[] Items = [];
            internal Tensor[] First = [];
            internal Tensor[] Second = [];
            internal long[] Steps = [];

            /// <summary>The parameters.</summary>
            public IEnumerable<Parameter> Parameters { get; private set; }

            /// <summary>The learning rate; set it between steps.</summary>
            public double LearningRate
            {
                get => Rate ?? 0;
                set => Rate = value;
            }

            /// <summary>The learning rate that a schedule starts from.</summary>
            public double InitialLearningRate { get; set; }

            internal void Seal() => Parameters = Items = [.. Parameters];

            internal void Release()
            {
                foreach (var tensor in First.Concat(Second))
                    tensor.Dispose();
            }
        }

        internal static void ZeroGrad(Parameter[] parameters, bool drop)
        {
            var handles = autograd.Handles(parameters);
            int status;
            fixed (nint* h = handles)
                status = NativeMethods.kit_zero_grad(h, handles.Length, drop ? 1 : 0);
            GC.KeepAlive(parameters);
            NativeMethods.Check(status, "zero_grad");
        }
    }
}
