using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>x · sigmoid(x), elementwise.</summary>
public sealed class SiLU : Module<Tensor, Tensor>
{
    private readonly bool inplace;

    internal SiLU(bool inplace) : base(nameof(SiLU)) => this.inplace = inplace;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => inplace ? input.silu_() : input.silu();
}

/// <summary>max(x, 0), elementwise.</summary>
public sealed class ReLU : Module<Tensor, Tensor>
{
    private readonly bool inplace;

    internal ReLU(bool inplace) : base(nameof(ReLU)) => this.inplace = inplace;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => inplace ? input.relu_() : input.relu();
}

/// <summary>1 / (1 + e^-x), elementwise.</summary>
public sealed class Sigmoid : Module<Tensor, Tensor>
{
    private readonly bool inplace;

    internal Sigmoid(bool inplace) : base(nameof(Sigmoid)) => this.inplace = inplace;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => inplace ? input.sigmoid_() : input.sigmoid();
}

/// <summary>tanh(x), elementwise.</summary>
public sealed class Tanh : Module<Tensor, Tensor>
{
    private readonly bool inplace;

    internal Tanh(bool inplace) : base(nameof(Tanh)) => this.inplace = inplace;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => inplace ? input.tanh_() : input.tanh();
}

/// <summary>x · Φ(x), elementwise.</summary>
public sealed class GELU : Module<Tensor, Tensor>
{
    private readonly Approximate approximate;
    private readonly bool inplace;

    internal GELU(Approximate approximate, bool inplace) : base(nameof(GELU)) => (this.approximate, this.inplace) = (approximate, inplace);

    /// <summary>How Φ is computed.</summary>
    public enum Approximate
    {
        /// <summary>By the error function.</summary>
        none,

        /// <summary>By a tanh.</summary>
        tanh,
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.gelu(input, approximate, inplace);
}

/// <summary>max(x, 0) + slope · min(x, 0), elementwise.</summary>
public sealed class LeakyReLU : Module<Tensor, Tensor>
{
    private readonly double slope;
    private readonly bool inplace;

    internal LeakyReLU(double slope, bool inplace) : base(nameof(LeakyReLU)) => (this.slope, this.inplace) = (slope, inplace);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.leaky_relu(input, slope, inplace);
}

/// <summary>What comes in goes out.</summary>
public sealed class Identity : Module<Tensor, Tensor>
{
    internal Identity() : base(nameof(Identity))
    {
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.alias();
}

/// <summary>In training, sets elements to 0 at a probability and scales the others up; else does nothing.</summary>
public sealed class Dropout : Module<Tensor, Tensor>
{
    private readonly bool inplace;

    internal Dropout(double p, bool inplace) : base(nameof(Dropout)) => (this.p, this.inplace) = (p, inplace);

    /// <summary>The probability.</summary>
    public double p { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.dropout(input, p, training, inplace);
}

/// <summary>Axes made one.</summary>
public sealed class Flatten : Module<Tensor, Tensor>
{
    private readonly long start;
    private readonly long end;

    internal Flatten(long start, long end) : base(nameof(Flatten)) => (this.start, this.end) = (start, end);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.flatten(start, end);
}

/// <summary>Softmax over an axis.</summary>
public sealed class Softmax : Module<Tensor, Tensor>
{
    private readonly long dim;

    internal Softmax(long dim) : base(nameof(Softmax)) => this.dim = dim;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.softmax(dim);
}
