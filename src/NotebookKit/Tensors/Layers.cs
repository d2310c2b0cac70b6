using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tensors;

/// <summary>
/// Makes the layers that the models are built of. They begin as PyTorch's do; inside <see cref="Uninitialised"/>, where a
/// file's weights follow, they cost neither time nor, before they are written to, memory.
/// </summary>
public static class Layers
{
    [ThreadStatic]
    private static Scope? _scope;

    /// <summary>A matrix and a bias: (…, in) to (…, out).</summary>
    public static Linear Linear(long inputs, long outputs, bool hasBias = true)
    {
        if (_scope is not { } scope)
            return nn.Linear(inputs, outputs, hasBias);
        var layer = nn.Linear(inputs, outputs, hasBias, META);
        layer.weight = scope.Room(layer.weight!);
        if (hasBias)
            layer.bias = scope.Room(layer.bias!);
        return layer;
    }

    /// <summary>A convolution: (B, in, H, W) to (B, out, H', W').</summary>
    public static Conv2d Conv2d(long inputs, long outputs, long kernelSize, long stride = 1, long padding = 0, bool bias = true)
    {
        if (_scope is not { } scope)
            return nn.Conv2d(inputs, outputs, kernelSize, stride, padding, bias: bias);
        var layer = nn.Conv2d(inputs, outputs, kernelSize, stride, padding, bias: bias, device: META);
        layer.weight = scope.Room(layer.weight!);
        if (bias)
            layer.bias = scope.Room(layer.bias!);
        return layer;
    }

    /// <summary>Normalises groups of channels, beginning at a weight of 1 and a bias of 0 (TorchSharp's begins with what lay
    /// there).</summary>
    public static GroupNorm GroupNorm(long groups, long channels, double eps = 1e-5)
    {
        var layer = nn.GroupNorm(groups, channels, eps, device: _scope is null ? null : META);
        if (_scope is { } scope)
        {
            layer.weight = scope.Room(layer.weight!);
            layer.bias = scope.Room(layer.bias!);
            return layer;
        }

        Begin(layer.weight!, layer.bias!);
        return layer;
    }

    /// <summary>Normalises the last dimension, beginning at a weight of 1 and a bias of 0.</summary>
    public static LayerNorm LayerNorm(long width, double eps = 1e-5)
    {
        var layer = nn.LayerNorm(width, eps, device: _scope is null ? null : META);
        if (_scope is { } scope)
        {
            layer.weight = scope.Room(layer.weight!);
            layer.bias = scope.Room(layer.bias!);
            return layer;
        }

        Begin(layer.weight!, layer.bias!);
        return layer;
    }

    /// <summary>A table of vectors: (…) ids to (…, width).</summary>
    public static EmbeddingTable Embedding(long count, long width) =>
        new(_scope is { } scope ? scope.Room([count, width]) : new Parameter(randn(count, width)));

    /// <summary>Until disposed, layers made on this thread leave their weights as they find them.</summary>
    /// <param name="device">Where the weights are; the CPU when null.</param>
    /// <param name="dtype">The weights' type; float32 when null.</param>
    public static IDisposable Uninitialised(Device? device = null, ScalarType? dtype = null) =>
        _scope = new Scope(_scope, device ?? _scope?.Device, dtype ?? _scope?.DType);

    private static void Begin(Parameter weight, Parameter bias)
    {
        using var grad = no_grad();
        weight.fill_(1);
        bias.fill_(0);
    }

    private sealed record Scope(Scope? Before, Device? Device, ScalarType? DType) : IDisposable
    {
        public Parameter Room(Parameter like) => Room(like.shape);

        public Parameter Room(long[] shape) => new(empty(shape, DType ?? ScalarType.Float32, Device ?? CPU));

        public void Dispose() => _scope = Before;
    }
}
