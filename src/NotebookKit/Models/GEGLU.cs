using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>A gated GELU unit (Shazeer 2020, "GLU Variants Improve Transformer"): one half gates the other.</summary>
public sealed class GEGLU : Module<Tensor, Tensor>
{
    private readonly Linear proj;

    /// <summary>Makes the unit.</summary>
    /// <param name="dimIn">Width of the input.</param>
    /// <param name="dimOut">Width of the output.</param>
    public GEGLU(int dimIn, int dimOut) : base(nameof(GEGLU))
    {
        proj = Layers.Linear(dimIn, dimOut * 2);
        RegisterComponents();
    }

    /// <summary>x·GELU(gate).</summary>
    /// <param name="hidden">(B, L, dimIn).</param>
    /// <returns>(B, L, dimOut).</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var halves = proj.call(hidden).chunk(2, -1);
        return Fresh.Multiply(functional.gelu(halves[1]), halves[0]).MoveToOuterDisposeScope();
    }
}
