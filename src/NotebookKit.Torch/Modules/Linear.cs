using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>x · weightᵀ + bias over the last axis.</summary>
public sealed class Linear : Module<Tensor, Tensor>
{
    /// <summary>(out_features, in_features)</summary>
    public Parameter weight
    {
        get;
        set => ConditionallyRegisterParameter(nameof(weight), field = value);
    }

    /// <summary>(out_features), or null.</summary>
    public Parameter? bias
    {
        get;
        set => ConditionallyRegisterParameter(nameof(bias), field = value);
    }

    /// <summary>How many numbers come in.</summary>
    public long in_features { get; }

    /// <summary>How many numbers go out.</summary>
    public long out_features { get; }

    internal Linear(long inputSize, long outputSize, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Linear))
    {
        in_features = inputSize;
        out_features = outputSize;
        (weight, bias) = init.NewLayer([outputSize, inputSize], hasBias, dtype, device);
    }

    /// <summary>(…, in_features) to (…, out_features).</summary>
    public override Tensor forward(Tensor input) => Ops.linear.Call(input, weight, bias);
}
