using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>Convolution of (B, C, H, W).</summary>
public sealed class Conv2d : Module<Tensor, Tensor>
{
    private readonly long[] strides;
    private readonly long[] paddings;
    private readonly long[] dilations;
    private readonly PaddingModes mode;

    /// <summary>(out_channels, in_channels / groups, kernel height, kernel width)</summary>
    public Parameter weight
    {
        get;
        set => ConditionallyRegisterParameter(nameof(weight), field = value);
    }

    /// <summary>(out_channels), or null.</summary>
    public Parameter? bias
    {
        get;
        set => ConditionallyRegisterParameter(nameof(bias), field = value);
    }

    /// <summary>Channels that come in.</summary>
    public long in_channels { get; }

    /// <summary>Channels that go out.</summary>
    public long out_channels { get; }

    /// <summary>Height and width of the kernel.</summary>
    public long[] kernel_size { get; }

    /// <summary>Steps between outputs.</summary>
    public long[] stride => strides;

    /// <summary>Zeros around the input.</summary>
    public long[] padding => paddings;

    /// <summary>Steps between the kernel's taps.</summary>
    public long[] dilation => dilations;

    /// <summary>Into how many parts the channels are split.</summary>
    public long groups { get; }

    internal Conv2d(long in_channels, long out_channels, (long, long) kernel, (long, long) stride, (long, long) padding, (long, long) dilation, PaddingModes mode, long groups, bool bias, Device? device, ScalarType? dtype) : base(nameof(Conv2d))
    {
        this.in_channels = in_channels;
        this.out_channels = out_channels;
        this.groups = groups;
        this.mode = mode;
        kernel_size = [kernel.Item1, kernel.Item2];
        strides = [stride.Item1, stride.Item2];
        paddings = [padding.Item1, padding.Item2];
        dilations = [dilation.Item1, dilation.Item2];
        (weight, this.bias) = init.NewLayer([out_channels, in_channels / groups, kernel.Item1, kernel.Item2], bias, dtype, device);
    }

    /// <summary>(B, in_channels, H, W) to (B, out_channels, H', W').</summary>
    public override Tensor forward(Tensor input)
    {
        if (mode == PaddingModes.Zeros)
            return Ops.conv2d.Call(input, weight, bias, strides, paddings, dilations, groups);
        using var padded = nn.functional.pad(input, [paddings[1], paddings[1], paddings[0], paddings[0]], mode);
        return Ops.conv2d.Call(padded, weight, bias, strides, Arg.Pair(0, 0), dilations, groups);
    }
}

/// <summary>Convolution of (B, C, L).</summary>
public sealed class Conv1d : Module<Tensor, Tensor>
{
    private readonly long[] stride;
    private readonly long[] padding;
    private readonly long[] dilation;
    private readonly long groups;

    /// <summary>(out_channels, in_channels / groups, kernel)</summary>
    public Parameter weight
    {
        get;
        set => ConditionallyRegisterParameter(nameof(weight), field = value);
    }

    /// <summary>(out_channels), or null.</summary>
    public Parameter? bias
    {
        get;
        set => ConditionallyRegisterParameter(nameof(bias), field = value);
    }

    internal Conv1d(long in_channels, long out_channels, long kernel, long stride, long padding, long dilation, long groups, bool bias, Device? device, ScalarType? dtype) : base(nameof(Conv1d))
    {
        this.stride = [stride];
        this.padding = [padding];
        this.dilation = [dilation];
        this.groups = groups;
        (weight, this.bias) = init.NewLayer([out_channels, in_channels / groups, kernel], bias, dtype, device);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Ops.conv1d.Call(input, weight, bias, stride, padding, dilation, groups);
}
