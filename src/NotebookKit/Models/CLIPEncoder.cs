using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>The text encoder's row of layers; its name <c>encoder</c> stands in the files.</summary>
public sealed class CLIPEncoder : Module<Tensor, Tensor, IReadOnlyList<Tensor>>
{
    private readonly ModuleList<CLIPEncoderLayer> layers;

    /// <summary>Makes the layers.</summary>
    /// <param name="config">The text encoder's shape.</param>
    public CLIPEncoder(CLIPTextConfig config) : base(nameof(CLIPEncoder))
    {
        ArgumentNullException.ThrowIfNull(config);
        layers = ModuleList<CLIPEncoderLayer>([.. Enumerable.Range(0, config.NumHiddenLayers).Select(_ => new CLIPEncoderLayer(config))]);
        RegisterComponents();
    }

    /// <summary>Whether every layer keeps only its input for backward.</summary>
    internal bool GradientCheckpointing { get; set; }

    /// <summary>Applies the layers.</summary>
    /// <param name="hidden">(B, L, D): the embeddings.</param>
    /// <param name="mask">As <see cref="CLIPAttention.forward"/> takes it.</param>
    /// <returns>The embeddings and each layer's output, (B, L, D) each.</returns>
    public override IReadOnlyList<Tensor> forward(Tensor hidden, Tensor mask)
    {
        var states = new List<Tensor> { hidden };
        foreach (var layer in layers)
            states.Add(hidden = layer.Call(hidden, mask, GradientCheckpointing));
        return states;
    }
}
