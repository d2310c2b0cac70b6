using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>
/// Frees the weights of the VAE, and of the text encoder while it is frozen, once everything is encoded; disposing reads
/// them from the base's folder again, for sampling or saving.
/// </summary>
public sealed class EncodersAside : IDisposable
{
    private readonly List<(nn.Module Part, string File, List<long[]> Shapes, ScalarType DType, Device Device)> _parts = [];

    /// <summary>Frees them. A base without a folder keeps them: nothing could bring them back.</summary>
    /// <param name="sd">The base; only the UNet can be called until this is disposed.</param>
    /// <param name="textEncoder">Whether the text encoder too may go: not while it is trained or carries adapters.</param>
    public EncodersAside(StableDiffusion sd, bool textEncoder)
    {
        Add(sd.Vae, Path.Combine(sd.Folder, "vae", PretrainedWeights.DiffusersName));
        if (textEncoder)
            Add(sd.TextEncoder, Path.Combine(sd.Folder, "text_encoder", PretrainedWeights.TransformersName));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using var grad = no_grad();
        foreach (var (part, file, shapes, dtype, device) in _parts)
        {
            foreach (var (parameter, shape) in part.parameters().Zip(shapes))
            {
                using var room = empty(shape, dtype, device);
                parameter.set_data(room);
            }

            PretrainedWeights.Fill(part, file);
        }

        _parts.Clear();
    }

    private void Add(nn.Module part, string file)
    {
        if (!File.Exists(file))
            return;
        var parameters = part.parameters().ToList();
        _parts.Add((part, file, [.. parameters.Select(parameter => parameter.shape)], parameters[0].dtype, parameters[0].device));
        foreach (var parameter in parameters)
        {
            using var nothing = empty([0], parameter.dtype, parameter.device);
            parameter.set_data(nothing);
        }
    }
}
