using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// The residual block of the UNet and the VAE (diffusers' <c>ResnetBlock2D</c>): norm, SiLU, convolution, twice, the
/// timestep added between, and the input added at the end (He et al. 2015).
/// </summary>
public sealed class ResnetBlock2D : Module<Tensor, Tensor?, Tensor>
{
    private readonly GroupNorm norm1;
    private readonly Conv2d conv1;
    private readonly Linear? time_emb_proj;
    private readonly GroupNorm norm2;
    private readonly Conv2d conv2;
    private readonly Conv2d? conv_shortcut;

    /// <summary>Makes the block.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output; where they differ, a 1×1 convolution carries the shortcut.</param>
    /// <param name="temporalChannels">Width of the timestep embedding; null in the VAE, which knows no time.</param>
    /// <param name="groups">Groups of both norms.</param>
    /// <param name="eps">Epsilon of both norms.</param>
    public ResnetBlock2D(int inChannels, int outChannels, int? temporalChannels, int groups, double eps)
        : base(nameof(ResnetBlock2D))
    {
        norm1 = Layers.GroupNorm(groups, inChannels, eps);
        conv1 = Layers.Conv2d(inChannels, outChannels, 3, padding: 1);
        if (temporalChannels is { } width)
            time_emb_proj = Layers.Linear(width, outChannels);
        norm2 = Layers.GroupNorm(groups, outChannels, eps);
        conv2 = Layers.Conv2d(outChannels, outChannels, 3, padding: 1);
        if (inChannels != outChannels)
            conv_shortcut = Layers.Conv2d(inChannels, outChannels, 1);
        RegisterComponents();
    }

    /// <summary>Applies the block.</summary>
    /// <param name="input">(B, inChannels, H, W).</param>
    /// <param name="activatedTime">
    /// (B, temporalChannels): the timestep embedding after SiLU, which is the same for every block and so computed once;
    /// null in the VAE.
    /// </param>
    /// <returns>(B, outChannels, H, W).</returns>
    public override Tensor forward(Tensor input, Tensor? activatedTime)
    {
        using var scope = NewDisposeScope();
        var hidden = conv1.call(Fresh.Silu(norm1.call(input)));
        if (time_emb_proj is not null)
            hidden = Fresh.Add(hidden, time_emb_proj.call(activatedTime!).unsqueeze(-1).unsqueeze(-1)); // + (B, C, 1, 1)
        hidden = conv2.call(Fresh.Silu(norm2.call(hidden)));
        var shortcut = conv_shortcut is null ? input : conv_shortcut.call(input);
        return Fresh.Add(hidden, shortcut).MoveToOuterDisposeScope();
    }
}
