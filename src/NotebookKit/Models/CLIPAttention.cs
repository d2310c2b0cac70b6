using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The text encoder's self-attention, in which a token sees only itself and those before it.</summary>
public sealed class CLIPAttention : Module<Tensor, Tensor, Tensor>
{
    private readonly Linear k_proj;
    private readonly Linear v_proj;
    private readonly Linear q_proj;
    private readonly Linear out_proj;
    private readonly int heads;

    /// <summary>Makes the layer.</summary>
    /// <param name="config">The text encoder's shape.</param>
    public CLIPAttention(CLIPTextConfig config) : base(nameof(CLIPAttention))
    {
        ArgumentNullException.ThrowIfNull(config);
        heads = config.NumAttentionHeads;
        k_proj = Layers.Linear(config.HiddenSize, config.HiddenSize);
        v_proj = Layers.Linear(config.HiddenSize, config.HiddenSize);
        q_proj = Layers.Linear(config.HiddenSize, config.HiddenSize);
        out_proj = Layers.Linear(config.HiddenSize, config.HiddenSize);
        RegisterComponents();
    }

    /// <summary>Attends.</summary>
    /// <param name="hidden">(B, L, D).</param>
    /// <param name="mask">(L, L) or (B·heads, L, L): 0 where a token may look, minus infinity where not.</param>
    /// <returns>(B, L, D).</returns>
    public override Tensor forward(Tensor hidden, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var attended = ScaledDotProduct.Attend(q_proj.call(hidden), k_proj.call(hidden), v_proj.call(hidden), heads, mask);
        return out_proj.call(attended).MoveToOuterDisposeScope();
    }
}
