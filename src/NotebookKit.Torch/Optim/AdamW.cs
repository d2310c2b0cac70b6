namespace TorchSharp.Modules;

/// <summary>Adam with weights that decay on their own, not through the gradients (Loshchilov &amp; Hutter 2019).</summary>
public sealed class AdamW : Adam
{
    internal AdamW(IEnumerable<Modules.ParamGroup> groups, Options defaults) : base(groups, defaults, decoupled: true)
    {
    }

    /// <summary>Parameters with settings of their own.</summary>
    public new sealed class ParamGroup : Adam.ParamGroup
    {
        /// <summary>A group to be filled.</summary>
        public ParamGroup()
        {
        }

        /// <summary>A group; settings not given are the optimizer's.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
        {
        }

        /// <summary>A group with all settings.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }
    }
}
