using NotebookKit.Lora.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Adapters;

/// <summary>
/// A LoRA of a convolution in CP decomposition: the kernel stands in a core between a 1×1 down and a 1×1 up (LyCORIS, Yeh et
/// al. 2023). Read from files, not trained.
/// </summary>
/// <param name="target">The convolution.</param>
/// <param name="down">(rank, in, 1, 1).</param>
/// <param name="mid">The core, (rank, rank, k, k).</param>
/// <param name="up">(out, rank, 1, 1).</param>
/// <param name="alpha">The scale's numerator.</param>
internal sealed class CpLayer(Module<Tensor, Tensor> target, Tensor down, Tensor mid, Tensor up, double alpha) : LoraLayer(target, down, up,
    alpha)
{
    /// <summary>The core.</summary>
    public Parameter Mid { get; } = Own(mid);

    public override string Kind => "LoRA (CP)";

    public override IEnumerable<Parameter> Parameters => [Down, Mid, Up];

    public override AdapterWeights Weights(string module) => new LoraWeights(module, Down, Up, Alpha, Mid);

    internal override Tensor Product() => Product(Up, Mid, Down);

    internal override Tensor AddTo(Tensor weight) => AddWholeTo(weight);

    private protected override Tensor Squeeze(Tensor x) => Apply(functional.conv2d(x, Down), Mid);

    /// <summary>Σ up[o,n] · mid[n,m,h,w] · down[m,i] as (out, in·k·k).</summary>
    public static Tensor Product(Tensor up, Tensor mid, Tensor down)
    {
        var (outputs, inputs) = (up.shape[0], down.shape[1]);
        var left = up.flatten(1).mm(mid.flatten(1)).reshape(outputs, mid.shape[1], -1); // (out, rank, k·k)
        var product = functional.linear(left.transpose(1, 2), down.flatten(1).t());     // (out, k·k, in)
        return product.transpose(1, 2).reshape(outputs, -1);
    }
}
