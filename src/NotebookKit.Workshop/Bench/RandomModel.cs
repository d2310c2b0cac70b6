using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Training.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>Models of a real one's shape with weights drawn at random, each layer's output about as large as its input.</summary>
public static class RandomModel
{
    /// <summary>Makes one where it is wanted: on a GPU its billion numbers are drawn at once.</summary>
    /// <param name="shape">The networks.</param>
    /// <param name="device">Where.</param>
    /// <param name="dtype">The weights' type.</param>
    public static StableDiffusion Of(ModelShape shape, Device device, ScalarType dtype)
    {
        using var skip = Layers.Uninitialised(device, dtype);
        using var noGrad = no_grad();
        var sd = shape.Create(dtype);
        sd.UNet.to(device);
        sd.Vae.to(device);
        sd.TextEncoder.to(device);
        using var random = new Generator(15, device);
        foreach (var network in new nn.Module[] { sd.UNet, sd.Vae, sd.TextEncoder })
        {
            foreach (var (name, parameter) in network.named_parameters())
            {
                var spread = Math.Sqrt(3.0 * parameter.shape[0] / parameter.numel());
                if (parameter.dim() > 1)
                    parameter.uniform_(-spread, spread, random);
                else
                    parameter.fill_(name.EndsWith(".weight", StringComparison.Ordinal) ? 1 : 0); // a norm's, or a bias
            }
        }

        return sd;
    }
}
