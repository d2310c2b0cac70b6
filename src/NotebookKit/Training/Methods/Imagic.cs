using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Training.Methods;

/// <summary>
/// A picture edited by a prompt (Kawar et al. 2022, equation 3): the text states are led from those that describe the
/// picture to those of the prompt, ē = η · e_target + (1 − η) · e_optimized.
/// </summary>
public sealed class Imagic : IDisposable
{
    /// <summary>What lies beside a model that <see cref="TrainMethod.Imagic"/> has trained.</summary>
    internal const string FileName = "imagic.safetensors";

    private readonly StableDiffusion _sd;
    private readonly Dictionary<string, Tensor> _states;

    /// <summary>Opens what a run has made.</summary>
    /// <param name="folder">The run's output.</param>
    /// <param name="device">Where the weights go; the CPU when null.</param>
    /// <exception cref="BadInputException">The folder holds no model, or no text states beside it.</exception>
    public Imagic(string folder, Device? device = null)
    {
        if (!File.Exists(Path.Combine(folder, FileName)))
            throw new BadInputException($"{folder} has no {FileName}; give the folder that a run with the method imagic has written.");
        _states = Safetensors.Load(Path.Combine(folder, FileName), device);
        _sd = StableDiffusion.Load(folder, device);
    }

    /// <summary>Draws the picture, led so far towards the prompt.</summary>
    /// <param name="eta">0 draws the picture, 1 the prompt; 0.6 to 0.8 is usual.</param>
    /// <param name="seed">The noise that it starts from.</param>
    /// <param name="steps">Denoising steps.</param>
    /// <param name="guidance">Classifier-free guidance.</param>
    public RgbImage Draw(double eta, ulong seed = 0, int steps = 50, double guidance = 3)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var states = (eta * _states["target"]) + ((1 - eta) * _states["optimized"]);   // (1, 77, D)
        var context = cat([_sd.EncodePrompts([""]), states]);                          // (2, 77, D)
        using var sampler = new DDIMScheduler(_sd.SchedulerConfig);
        sampler.SetTimesteps(steps);
        using var random = new Generator(seed);
        var side = _sd.SampleSize / _sd.Vae.Config.Factor;
        var latents = randn([1, _sd.UNet.Config.InChannels, side, side], generator: random).to(_sd.Device) * sampler.InitNoiseSigma;
        foreach (var timestep in sampler.Timesteps)
        {
            var both = _sd.UNet.call(latents.repeat(2, 1, 1, 1), tensor(new[] { (float)timestep }, device: latents.device), context)
                .chunk(2, 0);
            latents = sampler.Step(both[0] + (guidance * (both[1] - both[0])), timestep, latents);
        }

        return _sd.DecodeLatents(latents)[0];
    }

    /// <summary>Frees the model.</summary>
    public void Dispose()
    {
        _sd.Dispose();
        foreach (var tensor in _states.Values)
            tensor.Dispose();
    }
}
