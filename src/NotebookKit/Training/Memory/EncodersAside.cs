using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>
/// Puts the weights of the VAE, and of the text encoder while it is frozen, aside once everything is encoded: from a GPU
/// into RAM, from RAM into a file. They come back to the bit, for sampling and saving, and for good when this is disposed.
/// </summary>
public sealed class EncodersAside : IDisposable
{
    private readonly List<Weight> _weights = [];
    private readonly string _file;
    private readonly bool _onGpu;
    private bool _away;

    /// <summary>Puts them aside.</summary>
    /// <param name="sd">The base; only what stays can be called until this is disposed.</param>
    /// <param name="file">The file that RAM's weights go to; deleted at the end.</param>
    /// <param name="vae">Whether the VAE may go: not while it encodes random crops.</param>
    /// <param name="textEncoder">Whether the text encoder may go: not while it is trained or carries adapters.</param>
    public EncodersAside(StableDiffusion sd, string file, bool vae = true, bool textEncoder = true)
    {
        ArgumentNullException.ThrowIfNull(sd);
        _file = file;
        _onGpu = sd.Device.type != TorchSharp.DeviceType.CPU;
        if (vae)
            _weights.AddRange(sd.Vae.named_parameters()
                .Select(named => new Weight("vae." + named.name, named.parameter, named.parameter.shape)));
        if (textEncoder)
            _weights.AddRange(sd.TextEncoder.named_parameters()
                .Select(named => new Weight("text_encoder." + named.name, named.parameter, named.parameter.shape)));
        if (!_onGpu)
            Safetensors.Save(file, _weights.Select(weight => KeyValuePair.Create(weight.Name, (Tensor)weight.Parameter)));
        Away();
    }

    /// <summary>Brings them back until the result is disposed.</summary>
    public IDisposable Return()
    {
        Back();
        return new AwayAgain(this);
    }

    /// <summary>Brings them back for good.</summary>
    public void Dispose()
    {
        Back();
        foreach (var weight in _weights)
            weight.InRam?.Dispose();
        File.Delete(_file);
    }

    private void Away()
    {
        using var grad = no_grad();
        foreach (var weight in _weights)
        {
            if (_onGpu)
                weight.InRam ??= weight.Parameter.detach().cpu().DetachFromDisposeScope();
            using var nothing = empty([0], weight.Parameter.dtype, weight.Parameter.device);
            weight.Parameter.set_(nothing);
        }

        _away = true;
    }

    private void Back()
    {
        if (!_away)
            return;
        using var grad = no_grad();
        using var file = _onGpu ? null : WeightFile.Open(_file);
        foreach (var weight in _weights)
        {
            using var room = empty(weight.Shape, weight.Parameter.dtype, weight.Parameter.device);
            if (weight.InRam is { } kept)
                room.copy_(kept);
            else
                file!.ReadInto(weight.Name, room);
            weight.Parameter.set_(room);
        }

        _away = false;
    }

    private sealed record Weight(string Name, Parameter Parameter, long[] Shape)
    {
        public Tensor? InRam { get; set; }
    }

    private sealed class AwayAgain(EncodersAside owner) : IDisposable
    {
        public void Dispose()
        {
            if (!owner._away)
                owner.Away();
        }
    }
}
