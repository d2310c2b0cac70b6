using System.Diagnostics;
using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Studio;

/// <summary>The base that the page works on. One thing is done with it at a time; a full fine-tune leaves it trained, and then it
/// is loaded anew.</summary>
/// <param name="source">A folder, a file, or a name on the hub.</param>
internal sealed class StudioBase(string source) : IDisposable
{
    // Forward and backward of the UNet take about three times the forward pass.
    private const double StepsOfForward = 3;

    private readonly SemaphoreSlim _use = new(1);

    /// <summary>The base; null while it is loaded.</summary>
    public StableDiffusion? Model { get; private set; }

    /// <summary>Where it came from.</summary>
    public string Source => source;

    /// <summary>What a step of the subject and the class will take about, from a forward pass; what a training measures is
    /// better.</summary>
    public double? SecondsPerStep { get; private set; }

    /// <summary>Loads it.</summary>
    /// <exception cref="BadInputException">It cannot be loaded.</exception>
    public void Load(CancellationToken cancel)
    {
        var sd = StableDiffusion.Load(source, cancel: cancel);
        SecondsPerStep = StepsOfForward * Forward(sd);
        Model = sd;
    }

    /// <summary>Puts the untouched base back in place of one that was trained.</summary>
    public void Reload(CancellationToken cancel)
    {
        var trained = Model;
        Model = null;
        trained?.Dispose();
        Load(cancel);
    }

    /// <summary>The base, once it is loaded.</summary>
    public StableDiffusion Ready => Model ?? throw new BadInputException("The base is still being loaded; wait a moment.");

    /// <summary>Takes the base for oneself; <see cref="Release"/> gives it back.</summary>
    /// <exception cref="BadInputException">Somebody has it.</exception>
    public StableDiffusion Take()
    {
        var sd = Ready;
        if (!_use.Wait(0))
            throw new BadInputException("The model is at work; stop the training, or wait until it is done.");
        return sd;
    }

    /// <summary>Waits for the base, whatever is done with it.</summary>
    public Task WaitAsync(CancellationToken cancel = default) => _use.WaitAsync(cancel);

    /// <summary>Gives it back.</summary>
    public void Release() => _use.Release();

    /// <inheritdoc/>
    public void Dispose()
    {
        Model?.Dispose();
        _use.Dispose();
    }

    // Of a miniature the third pass, of a large model the first: it takes seconds by itself.
    private static double Forward(StableDiffusion sd)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var small = sd.UNet.Config.IsMiniature;
        using var thread = small && sd.Device.type == TorchSharp.DeviceType.CPU ? Threads.One() : null;
        var side = sd.SampleSize / sd.Vae.Config.Factor;
        var weights = sd.UNet.parameters().First();
        var latents = zeros([2, sd.UNet.Config.InChannels, side, side], weights.dtype, weights.device);
        var states = sd.EncodePrompts(["", ""]).to(weights.dtype);
        var seconds = 0.0;
        for (var i = 0; i < (small ? 3 : 1); i++)
        {
            var clock = Stopwatch.StartNew();
            sd.UNet.call(latents, tensor(new[] { 1f }, device: weights.device), states).sum().item<float>();
            seconds = clock.Elapsed.TotalSeconds;
        }

        return seconds;
    }
}
