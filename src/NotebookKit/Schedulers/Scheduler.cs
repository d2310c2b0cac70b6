using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>
/// What every sampler shares: the noise tables, adding noise for training, and the loop's two calls,
/// <see cref="SetTimesteps"/> once and <see cref="Step"/> for each timestep.
/// </summary>
public abstract class Scheduler : IDisposable
{
    private Tensor? _alphasCumprod;
    private Tensor? _rootAlpha;
    private Tensor? _rootOneMinusAlpha;

    /// <summary>Computes the noise tables.</summary>
    /// <param name="config">How noise grows and what the model predicts.</param>
    protected Scheduler(SchedulerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        Schedule = new NoiseSchedule(config);
    }

    /// <summary>The short names that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. SamplerName.All.Select(sampler => sampler.Name)];

    /// <summary>How noise grows and what the model predicts.</summary>
    public SchedulerConfig Config { get; }

    /// <summary>The tables β and ᾱ.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>(1000): ᾱ_t in float32 on the CPU.</summary>
    public Tensor AlphasCumprod => _alphasCumprod ??= tensor(Schedule.AlphasCumprod.ToArray()).DetachFromDisposeScope();

    /// <summary>The timesteps to visit, noisy to clean; empty before <see cref="SetTimesteps"/>. Some samplers visit broken ones.</summary>
    public double[] Timesteps { get; private protected set; } = [];

    /// <summary>The starting noise is multiplied by this.</summary>
    public virtual double InitNoiseSigma => 1;

    /// <summary>Where in <see cref="Timesteps"/> the next <see cref="Step"/> stands.</summary>
    private protected int StepIndex { get; set; }

    /// <summary>The number that <see cref="SetTimesteps"/> was given; there can be more timesteps than steps.</summary>
    private protected int StepCount { get; private set; } = 1;

    /// <summary>How far apart the timesteps of DDPM, DDIM and PNDM are.</summary>
    private protected int Stride => Config.NumTrainTimesteps / StepCount;

    /// <summary>Makes a sampler by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>, the web UI's name, or the class name that diffusers uses.</param>
    /// <param name="config">The model's noise schedule.</param>
    /// <returns>The sampler.</returns>
    /// <exception cref="BadInputException">There is no such sampler; the sentence names the nearest.</exception>
    public static Scheduler Create(string name, SchedulerConfig config) => SamplerName.Find(name).Make(config);

    /// <summary>Picks the timesteps to visit.</summary>
    /// <param name="steps">How many, 1 to the number of training timesteps.</param>
    /// <exception cref="BadInputException">The number is out of range.</exception>
    public void SetTimesteps(int steps)
    {
        if (steps < 1 || steps > Config.NumTrainTimesteps)
            throw new BadInputException($"{steps} sampling steps are not possible; take 1 to {Config.NumTrainTimesteps}.");
        Forget();
        (StepIndex, StepCount) = (0, steps);
        Plan(steps);
    }

    /// <summary>Starts in the middle of <see cref="Timesteps"/>, as img2img does; call it after <see cref="SetTimesteps"/>.</summary>
    /// <param name="index">From 0; where a step begins.</param>
    public void SetBeginIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, Timesteps.Length);
        StepIndex = index;
    }

    /// <summary>Where in <see cref="Timesteps"/> a step begins, counted from 0: samplers that look ahead visit two for each.</summary>
    internal virtual int IndexOfStep(int step) => step;

    /// <summary>The noise level of the sample that is given to <see cref="Step"/> at a place in <see cref="Timesteps"/>.</summary>
    internal virtual NoiseLevel LevelAt(int index) => LevelOf(AlphaBar(Timesteps[index]));

    /// <summary>What the model is to be given for a sample; most samplers give it as it is.</summary>
    /// <param name="sample">(B, C, h, w).</param>
    /// <param name="timestep">One of <see cref="Timesteps"/>.</param>
    /// <returns>(B, C, h, w).</returns>
    public virtual Tensor ScaleModelInput(Tensor sample, double timestep) => sample;

    /// <summary>Whether <see cref="Step"/> wants fresh noise at a timestep.</summary>
    /// <param name="timestep">One of <see cref="Timesteps"/>.</param>
    public virtual bool DrawsNoise(double timestep) => false;

    /// <summary>Takes one step from a noisier sample to a cleaner one.</summary>
    /// <param name="modelOutput">(B, C, h, w): what the model predicted.</param>
    /// <param name="timestep">One of <see cref="Timesteps"/>, in their order.</param>
    /// <param name="sample">(B, C, h, w): the sample at that timestep.</param>
    /// <param name="noise">(B, C, h, w), standard normal, where <see cref="DrawsNoise"/> says so.</param>
    /// <returns>(B, C, h, w): the sample at the next timestep.</returns>
    public abstract Tensor Step(Tensor modelOutput, double timestep, Tensor sample, Tensor? noise = null);

    /// <summary>Noises pictures for training: √ᾱ_t·x + √(1 − ᾱ_t)·ε (Ho et al. 2020, equation 4).</summary>
    /// <param name="original">(B, C, h, w).</param>
    /// <param name="noise">(B, C, h, w), standard normal.</param>
    /// <param name="timesteps">(B), whole, 0 to 999.</param>
    /// <returns>(B, C, h, w).</returns>
    public virtual Tensor AddNoise(Tensor original, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (alpha, sigma) = RootsAt(timesteps, original);
        return (alpha * original + sigma * noise).MoveToOuterDisposeScope();
    }

    /// <summary>The velocity √ᾱ_t·ε − √(1 − ᾱ_t)·x, the target of v-prediction (Salimans and Ho 2022, section 4).</summary>
    /// <param name="sample">(B, C, h, w): the clean pictures x.</param>
    /// <param name="noise">(B, C, h, w): ε.</param>
    /// <param name="timesteps">(B), whole, 0 to 999.</param>
    /// <returns>(B, C, h, w).</returns>
    public Tensor GetVelocity(Tensor sample, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (alpha, sigma) = RootsAt(timesteps, sample);
        return (alpha * noise - sigma * sample).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the tables and what the sampler remembers of earlier steps.</summary>
    public void Dispose()
    {
        Forget();
        _alphasCumprod?.Dispose();
        _rootAlpha?.Dispose();
        _rootOneMinusAlpha?.Dispose();
        _alphasCumprod = _rootAlpha = _rootOneMinusAlpha = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>Fills <see cref="Timesteps"/>.</summary>
    private protected abstract void Plan(int steps);

    /// <summary>Forgets what the sampler remembers of earlier steps.</summary>
    private protected virtual void Forget()
    {
    }

    /// <summary>Visits whole timesteps whose noise levels are those of training.</summary>
    /// <exception cref="BadInputException">One is pure noise, of which the predicted noise says nothing.</exception>
    private protected void VisitWhole(double[] timesteps)
    {
        var bounded = Config.ClipSample && !Config.Thresholding && this is not PNDMScheduler;
        if (Config.PredictionType == "epsilon" && !bounded && timesteps.Any(t => AlphaBar(t) == 0))
            throw new BadInputException("With rescale_betas_zero_snr the last timestep is pure noise, from which a model with "
                + "prediction_type epsilon cannot start; it needs v_prediction, or timestep_spacing leading.");
        Timesteps = timesteps;
    }

    /// <summary>The predicted clean picture, from whichever quantity the model predicts.</summary>
    /// <param name="modelOutput">(B, C, h, w): what the model predicted.</param>
    /// <param name="sample">(B, C, h, w): α·x₀ + σ·ε, as <see cref="Step"/> is given it.</param>
    /// <param name="level">α and σ.</param>
    internal Tensor PredictOriginal(Tensor modelOutput, Tensor sample, NoiseLevel level) => Config.PredictionType switch
    {
        "epsilon" => (sample - modelOutput * level.Sigma) / level.Alpha,
        "v_prediction" => sample * (level.Alpha / (level.Scale * level.Scale)) - modelOutput * (level.Sigma / level.Scale),
        _ => modelOutput,
    };

    /// <summary>The predicted noise ε, from whichever quantity the model predicts; arguments as of <see cref="PredictOriginal"/>.</summary>
    private protected Tensor PredictNoise(Tensor modelOutput, Tensor sample, NoiseLevel level) => Config.PredictionType switch
    {
        "epsilon" => modelOutput,
        "v_prediction" => modelOutput * (level.Alpha / level.Scale) + sample * (level.Sigma / (level.Scale * level.Scale)),
        _ => (sample - modelOutput * level.Alpha) / level.Sigma,
    };

    /// <summary>Keeps a predicted picture in range where the configuration says so: by its own quantile (Saharia et al. 2022, section 2.3),
    /// or by a clamp.</summary>
    private protected Tensor Clip(Tensor original)
    {
        if (Config.Thresholding)
            return Threshold(original);
        return Config.ClipSample ? original.clamp(-Config.ClipSampleRange, Config.ClipSampleRange) : original;
    }

    /// <summary>Clamps each picture to the size that all but a few of its values keep to, and divides by it.</summary>
    private protected Tensor Threshold(Tensor original)
    {
        using var scope = NewDisposeScope();
        var sizes = original.to(ScalarType.Float32).abs().flatten(1); // (B, C·h·w)
        var limit = sizes.quantile(tensor((float)Config.DynamicThresholdingRatio, device: original.device), 1, keepdim: true)
            .clamp(1, Math.Max(1, Config.SampleMaxValue)).to(original.dtype).view(-1, 1, 1, 1);
        return (minimum(maximum(original, -limit), limit) / limit).MoveToOuterDisposeScope();
    }

    // ᾱ at a timestep; 1000 steps of 'leading' reach one timestep beyond the table.
    private protected double AlphaBar(double timestep) => Schedule.AlphasCumprod[(int)Math.Min(timestep, Config.NumTrainTimesteps - 1)];

    /// <summary>ᾱ one stride further down, and after the last timestep what the configuration says.</summary>
    private protected double AlphaBarBelow(double timestep, double afterLast) =>
        timestep - Stride is var next && next >= 0 ? AlphaBar(next) : afterLast;

    private protected static NoiseLevel LevelOf(double alphaBar) => new(Math.Sqrt(alphaBar), Math.Sqrt(1 - alphaBar));

    /// <summary>The noise that a step was given.</summary>
    /// <exception cref="ArgumentNullException">It was not given any.</exception>
    private protected Tensor Given(Tensor? noise) =>
        noise ?? throw new ArgumentNullException(nameof(noise), $"{GetType().Name} draws noise at this timestep; pass it to Step.");

    // (B, 1, 1, 1) each, of the type and on the device of the pictures.
    private (Tensor RootAlpha, Tensor RootOneMinusAlpha) RootsAt(Tensor timesteps, Tensor like)
    {
        if (_rootAlpha is null || _rootAlpha.device != like.device)
        {
            _rootAlpha?.Dispose();
            _rootOneMinusAlpha?.Dispose();
            _rootAlpha = AlphasCumprod.sqrt().to(like.device).DetachFromDisposeScope();
            _rootOneMinusAlpha = (1 - AlphasCumprod).sqrt().to(like.device).DetachFromDisposeScope();
        }

        return (At(_rootAlpha), At(_rootOneMinusAlpha!));

        Tensor At(Tensor table) => table.index_select(0, timesteps.to(like.device)).to(like.dtype).view(-1, 1, 1, 1);
    }
}
