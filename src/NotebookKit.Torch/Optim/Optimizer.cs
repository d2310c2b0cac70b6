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

            /// <summary>The groups of parameters, each with its own settings and learning rate.</summary>
            public virtual IEnumerable<ILearningRateController> ParamGroups => groups;

            internal IReadOnlyList<ParamGroup> Groups => groups;

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

            /// <summary>Drops the gradients of all parameters.</summary>
            public virtual void zero_grad() => ZeroGrad(parameters(), drop: true);

            /// <summary>Adds a group; settings that it leaves open are the optimizer's.</summary>
            public virtual void add_param_group(ParamGroup param_group)
            {
                param_group.Parameters = param_group.Parameters.ToArray();
                groups.Add(param_group);
            }

            /// <summary>Changes the parameters of one group.</summary>
            internal abstract void Step(ParamGroup group);

            /// <summary>Releases what is kept for the parameters; the parameters stay.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Releases what is kept for the parameters.</summary>
            protected virtual void Dispose(bool disposing)
            {
            }

            /// <summary>What an optimizer keeps, to go on from later.</summary>
            public sealed class StateDictionary
            {
                internal StateDictionary(IEnumerable<OptimizerOptions> options, IEnumerable<OptimizerState> state) => (Options, State) = ([.. options], [.. state]);

                /// <summary>The settings of each group.</summary>
                public List<OptimizerOptions> Options { get; }

                /// <summary>What is kept for each parameter, in the order of the groups.</summary>
                public List<OptimizerState> State { get; }
            }
        }

        /// <summary>A learning rate that a schedule can set.</summary>
        public interface ILearningRateController
        {
            /// <summary>The learning rate; set it between steps.</summary>
            double LearningRate { get; set; }

            /// <summary>The learning rate that a schedule starts from.</summary>
            double InitialLearningRate { get; set; }
        }

        internal static void ZeroGrad(IEnumerable<Parameter> parameters, bool drop)
        {
            var kept = parameters.ToArray();
            var handles = autograd.Handles(kept);
            int status;
            fixed (nint* h = handles)
                status = NativeMethods.kit_zero_grad(h, handles.Length, drop ? 1 : 0);
            GC.KeepAlive(kept);
            NativeMethods.Check(status, "zero_grad");
        }
    }
}
