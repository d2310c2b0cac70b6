using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>Normalizes groups of channels to mean 0 and deviation 1, then scales and shifts each channel (Wu &amp; He 2018).</summary>
public sealed class GroupNorm : Module<Tensor, Tensor>
{
    /// <summary>(num_channels), or null.</summary>
    public Parameter? weight
    {
        get;
        set => ConditionallyRegisterParameter(nameof(weight), field = value);
    }

    /// <summary>(num_channels), or null.</summary>
    public Parameter? bias
    {
        get;
        set => ConditionallyRegisterParameter(nameof(bias), field = value);
    }

    /// <summary>The number of groups.</summary>
    public long num_groups { get; }

    /// <summary>The number of channels.</summary>
    public long num_channels { get; }

    /// <summary>What is added to the variance.</summary>
    public double eps { get; }

    internal GroupNorm(long num_groups, long num_channels, double eps, bool affine, Device? device, ScalarType? dtype) : base(nameof(GroupNorm))
    {
        this.num_groups = num_groups;
        this.num_channels = num_channels;
        this.eps = eps;
        if (!affine)
            return;
        weight = new Parameter(ones(num_channels, dtype ?? SkipInitialisation.DType, device ?? SkipInitialisation.Device));
        bias = new Parameter(zeros(num_channels, dtype ?? SkipInitialisation.DType, device ?? SkipInitialisation.Device));
    }

    /// <summary>(B, C, …) to the same.</summary>
    public override Tensor forward(Tensor input) => Ops.group_norm.Call(input, num_groups, weight, bias, eps);
}

/// <summary>Normalizes the last axes to mean 0 and deviation 1, then scales and shifts each element (Ba et al. 2016).</summary>
public sealed class LayerNorm : Module<Tensor, Tensor>
{
    /// <summary>The last axes.</summary>
    public long[] normalized_shape { get; }

    /// <summary>The shape of the last axes, or null.</summary>
    public Parameter? weight
    {
        get;
        set => ConditionallyRegisterParameter(nameof(weight), field = value);
    }

    /// <summary>The shape of the last axes, or null.</summary>
    public Parameter? bias
    {
        get;
        set => ConditionallyRegisterParameter(nameof(bias), field = value);
    }

    /// <summary>What is added to the variance.</summary>
    public double eps { get; }

    internal LayerNorm(long[] normalized_shape, double eps, bool affine, bool withBias, Device? device, ScalarType? dtype) : base(nameof(LayerNorm))
    {
        this.normalized_shape = normalized_shape;
        this.eps = eps;
        if (!affine)
            return;
        weight = new Parameter(ones(normalized_shape, dtype ?? SkipInitialisation.DType, device ?? SkipInitialisation.Device));
        if (!withBias)
            return;
        bias = new Parameter(zeros(normalized_shape, dtype ?? SkipInitialisation.DType, device ?? SkipInitialisation.Device));
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Ops.layer_norm.Call(input, normalized_shape, weight, bias, eps);
}
