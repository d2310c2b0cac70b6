using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>What optimizers of other assemblies derive from; they override <c>step</c> and keep their parameters themselves.</summary>
public abstract class OptimizerHelper : Optimizer
{
    internal sealed override void Step(ParamGroup group) => throw new NotSupportedException($"{GetType().Name} must override step.");
}
