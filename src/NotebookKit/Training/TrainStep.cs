using NotebookKit.Models;
using NotebookKit.Schedulers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// The step that training consists of: noise the latents, let the UNet guess the noise, measure how wrong it was on the
/// subject and on the class, and move the weights a little (Ho et al. 2020, algorithm 1; prior preservation after Ruiz
/// et al. 2022, equation 2).
/// </summary>
public sealed class TrainStep
{
    private readonly UNet2DConditionModel _unet;
    private readonly DDPMScheduler _noising;
    private readonly SchedulerConfig _config;
    private readonly optim.Optimizer _optimizer;
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly LrSchedule _schedule;
    private readonly double[] _baseRates;
    private readonly TrainOptions _options;
    private readonly List<(double Loss, double Instance, double? Prior)> _batches = [];
    private int _step;

    /// <summary>A step over given weights.</summary>
    /// <param name="unet">The UNet, adapters attached.</param>
    /// <param name="config">The base's noise schedule and prediction type.</param>
    /// <param name="optimizer">Holds the trained parameters, each group at its own base rate.</param>
    /// <param name="schedule">The learning rate's course.</param>
    /// <param name="options">Prior loss weight, accumulation, clipping, min-SNR.</param>
    public TrainStep(UNet2DConditionModel unet, SchedulerConfig config, optim.Optimizer optimizer, LrSchedule schedule, TrainOptions options)
    {
        _unet = unet;
        _config = config;
        _noising = new DDPMScheduler(config);
        _optimizer = optimizer;
        _parameters = [.. optimizer.parameters()];
        _baseRates = [.. optimizer.ParamGroups.Select(group => group.LearningRate)];
        _schedule = schedule;
        _options = options;
    }

    /// <summary>Forward and backward of one batch; gradients add up until <see cref="Update"/>.</summary>
    /// <param name="latents">(B, 4, h, w), scaled; with class images the first half is the subject's.</param>
    /// <param name="noise">(B, 4, h, w), standard normal.</param>
    /// <param name="timesteps">(B), how much of the noise is mixed in.</param>
    /// <param name="context">(B, 77, D), the prompts' text states.</param>
    /// <param name="withClass">Whether the second half holds class images.</param>
    public void Accumulate(Tensor latents, Tensor noise, Tensor timesteps, Tensor context, bool withClass)
    {
        using var scope = NewDisposeScope();
        var noisy = _noising.AddNoise(latents, noise, timesteps);                               // (B, 4, h, w)
        var target = _config.PredictionType == "v_prediction" ? _noising.GetVelocity(latents, noise, timesteps) : noise;
        var error = (_unet.call(noisy, timesteps, context) - target).square().mean([1, 2, 3]);  // (B)

        var half = withClass ? latents.shape[0] / 2 : latents.shape[0];
        var instance = Weighted(error.narrow(0, 0, half), timesteps.narrow(0, 0, half)).mean();
        var prior = withClass ? error.narrow(0, half, half).mean() : null;
        var loss = prior is null ? instance : instance + (_options.PriorLossWeight * prior);
        (loss / _options.GradientAccumulation).backward();
        _batches.Add((loss.item<float>(), instance.item<float>(), prior?.item<float>()));
    }

    /// <summary>Clips the gradients, sets this step's learning rate, moves the weights, and forgets the gradients.</summary>
    /// <param name="epoch">For the record: which epoch it is, from 1.</param>
    /// <returns>Losses (means over the accumulated batches), learning rate and gradient norm.</returns>
    public StepRecord Update(int epoch)
    {
        var norm = nn.utils.clip_grad_norm_(_parameters, _options.MaxGradNorm > 0 ? _options.MaxGradNorm : double.PositiveInfinity);
        var factor = _schedule.FactorAt(_step);
        foreach (var (group, rate) in _optimizer.ParamGroups.Zip(_baseRates))
            group.LearningRate = rate * factor;
        _optimizer.step();
        _optimizer.zero_grad();

        var record = new StepRecord(_step++, epoch, _batches.Average(batch => batch.Loss), _batches.Average(batch => batch.Instance), _batches.Average(batch => batch.Prior), _schedule.At(_step - 1), norm);
        _batches.Clear();
        return record;
    }

    // Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting Strategy", equation 7.
    private Tensor Weighted(Tensor error, Tensor timesteps)
    {
        if (_options.SnrGamma is not { } gamma)
            return error;
        var alphas = _noising.AlphasCumprod.to(timesteps.device).index_select(0, timesteps); // (B)
        var snr = alphas / (1 - alphas);
        return error * snr.clamp_max(gamma) / (_config.PredictionType == "v_prediction" ? snr + 1 : snr);
    }
}
