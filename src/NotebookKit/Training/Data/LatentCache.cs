using System.Security.Cryptography;
using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Training.Data;

/// <summary>
/// Pictures as the VAE's distribution over latents, mean and standard deviation, encoded once. Each step samples it anew,
/// as if the picture had just been encoded. What would fill the memory lies in files, named by what went into them, so
/// that they also serve the next run.
/// </summary>
internal sealed class LatentCache : IDisposable
{
    private readonly StableDiffusion _sd;
    private readonly string? _folder;
    private readonly Dictionary<PictureView, (Tensor Mean, Tensor Std)> _kept = [];
    private readonly Dictionary<PictureView, PictureCrop> _crops = [];
    private readonly Dictionary<PictureView, string> _keys = [];
    private readonly Lazy<string> _vae;

    /// <summary>An empty cache.</summary>
    /// <param name="sd">The base whose VAE encodes.</param>
    /// <param name="folder">Where latents lie; null for the memory.</param>
    public LatentCache(StableDiffusion sd, string? folder)
    {
        (_sd, _folder) = (sd, folder);
        _vae = new Lazy<string>(HashOfVae);
    }

    /// <summary>Decodes and encodes a view, unless that has been done.</summary>
    /// <param name="view">What to encode; of one that is not centred, only the picture is decoded.</param>
    /// <param name="image">The decoded picture, where somebody has it already.</param>
    /// <exception cref="BadInputException">The picture cannot be decoded.</exception>
    public void Prepare(PictureView view, RgbImage? image = null)
    {
        using var scope = NewDisposeScope();
        if (view.IsCentred)
            _ = Distribution(view, image);
        else
            _ = Crop(view, image);
    }

    /// <summary>Draws latents of a view: (1, 4, h, w) on the CPU, scaled as the UNet wants them.</summary>
    public Tensor Sample(PictureView view, Generator random)
    {
        var (mean, std) = Distribution(view);
        return mean + (std * randn(mean.shape, generator: random));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (mean, std) in _kept.Values)
        {
            mean.Dispose();
            std.Dispose();
        }
    }

    private (Tensor Mean, Tensor Std) Distribution(PictureView view, RgbImage? image = null)
    {
        if (_kept.TryGetValue(view, out var kept))
            return kept;
        if (!view.IsCentred)
            return Encode(view, Crop(view, image));
        if (_folder is not null)
            return FromFile(view, image);
        var (mean, std) = Encode(view, PictureCrop.Of(image ?? RgbImage.Load(view.Path), view.Width, view.Height));
        return _kept[view] = (mean.DetachFromDisposeScope(), std.DetachFromDisposeScope());
    }

    private PictureCrop Crop(PictureView view, RgbImage? image = null)
    {
        var size = new PictureView(view.Path, view.Width, view.Height);
        if (!_crops.TryGetValue(size, out var crop))
            _crops[size] = crop = PictureCrop.Of(image ?? RgbImage.Load(view.Path), view.Width, view.Height);
        return crop;
    }

    private (Tensor Mean, Tensor Std) FromFile(PictureView view, RgbImage? image)
    {
        if (!_keys.TryGetValue(view, out var key))
            _keys[view] = key = KeyOf(view);
        var file = Path.Combine(_folder!, key + ".safetensors");
        if (!File.Exists(file))
        {
            var (mean, std) = Encode(view, PictureCrop.Of(image ?? RgbImage.Load(view.Path), view.Width, view.Height));
            Safetensors.Save(file, new Dictionary<string, Tensor> { ["mean"] = mean, ["std"] = std });
        }

        var tensors = Safetensors.Load(file);
        return (tensors["mean"], tensors["std"]);
    }

    private (Tensor Mean, Tensor Std) Encode(PictureView view, PictureCrop crop)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var image = ImageTensor.ToTensor(crop.At(view.X, view.Y)).unsqueeze(0); // (1, 3, H, W)
        if (view.Flipped)
            image = image.flip(3);
        var parameter = _sd.Vae.parameters().First();
        var latents = _sd.Vae.Encode(image.to(parameter.dtype, parameter.device)); // (1, 4, h, w)
        return (Scaled(latents.Mean), Scaled(latents.Std));

        Tensor Scaled(Tensor tensor) => (tensor * _sd.Vae.Config.ScalingFactor).to(ScalarType.Float32).cpu().MoveToOuterDisposeScope();
    }

    private string KeyOf(PictureView view)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(view.Path));
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"|{view.Width}x{view.Height}|{view.Flipped}|{_vae.Value}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }

    private string HashOfVae()
    {
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var parameter in _sd.Vae.parameters())
            hash.AppendData(parameter.detach().cpu().contiguous().bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
