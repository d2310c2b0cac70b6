using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Schedulers;

/// <summary>
/// Where pictures are Gaussian noise themselves, of spread 0.5, the best model is known in closed form, and so is where
/// every sample ends: at a ratio r = σ/α of noise, x/α grows as √(0.25 + r²).
/// </summary>
public sealed class SamplerAccuracyTests : IDisposable
{
    private const double Spread = 0.5;
    private readonly IDisposable _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData("ddim", 1)]
    [InlineData("euler", 1)]
    [InlineData("dpmpp_1", 1)]
    [InlineData("pndm", 2)]
    [InlineData("lms", 2)]
    [InlineData("lms_karras", 2)]
    [InlineData("heun", 2)]
    [InlineData("heun_karras", 2)]
    [InlineData("kdpm2", 2)]
    [InlineData("kdpm2_karras", 2)]
    [InlineData("dpmpp_2m", 1)] // evenly spaced timesteps end with a step that is long in λ
    [InlineData("dpmpp_2m_karras", 2)]
    [InlineData("unipc", 1)] // evenly spaced timesteps end with a step that is long in λ
    public void More_steps_come_nearer_to_the_exact_end_by_the_samplers_order(string name, int order)
    {
        var (few, many) = (Error(name, 20), Error(name, 80));
        Assert.InRange(many, 0, order == 1 ? 0.05 : 0.006);
        // Four times the steps: four times nearer by the first order, sixteen times by the second; a little less is passed.
        Assert.True(few / many > (order == 1 ? 2.5 : 5) || many < 1e-3, $"20 steps {few:0.00000}, 80 steps {many:0.00000}");
    }

    [Theory]
    [InlineData("dpmsolver", "midpoint", 2)]
    [InlineData("dpmsolver", "heun", 2)]
    [InlineData("dpmsolver", "midpoint", 3)]
    [InlineData("dpmsolver++", "heun", 2)]
    [InlineData("dpmsolver++", "midpoint", 3)]
    public void Every_form_of_the_DPM_solver_comes_to_the_same_end(string algorithm, string type, int order)
    {
        var config = new SchedulerConfig { AlgorithmType = algorithm, SolverType = type, SolverOrder = order };
        Assert.InRange(Error(new DPMSolverMultistepScheduler(config), 80), 0, 0.035);
    }

    [Theory]
    [InlineData(true, "bh1", 3)]
    [InlineData(false, "bh1", 2)]
    [InlineData(false, "bh2", 3)]
    public void Every_form_of_UniPC_comes_to_the_same_end(bool predictX0, string type, int order)
    {
        var config = new SchedulerConfig { PredictX0 = predictX0, SolverType = type, SolverOrder = order };
        Assert.InRange(Error(new UniPCMultistepScheduler(config), 80), 0, 0.015);
        Assert.InRange(Error(new UniPCMultistepScheduler(config with { DisableCorrector = [0, 1, 2] }), 80), 0, 0.015);
    }

    [Fact]
    public void PNDM_with_its_Runge_Kutta_steps_comes_to_the_same_end()
    {
        Assert.InRange(Error(new PNDMScheduler(new SchedulerConfig { SkipPrkSteps = false }), 50), 0, 0.006);
        var scheduler = new PNDMScheduler(new SchedulerConfig { SkipPrkSteps = false });
        scheduler.SetTimesteps(10);
        Assert.Equal([901, 851, 851, 801, 801, 751, 751, 701, 701, 651, 651, 601, 601, 501, 401, 301, 201, 101, 1], scheduler.Timesteps);
        Assert.Contains("skip_prk_steps", Assert.Throws<BadInputException>(() => scheduler.SetTimesteps(3)).Message);
    }

    [Theory]
    [InlineData("ddim")]
    [InlineData("euler")]
    [InlineData("heun")]
    [InlineData("kdpm2")]
    [InlineData("lms")]
    [InlineData("dpmpp_2m")]
    [InlineData("unipc")]
    public void Whatever_the_model_predicts_the_samples_are_the_same(string name)
    {
        var epsilon = Run(Scheduler.Create(name, new SchedulerConfig()), 20, 0).End;
        foreach (var prediction in new[] { "v_prediction", "sample" })
        {
            var other = Run(Scheduler.Create(name, new SchedulerConfig { PredictionType = prediction }), 20, 0).End;
            Assert.InRange((other - epsilon).abs().max().item<float>(), 0, 1e-3);
        }
    }

    [Theory]
    [InlineData("ddim")]
    [InlineData("euler")]
    [InlineData("heun")]
    [InlineData("kdpm2")]
    [InlineData("pndm")]
    [InlineData("lms")]
    [InlineData("dpmpp_2m")]
    [InlineData("unipc")]
    public void Begun_in_the_middle_a_sampler_comes_to_the_same_end(string name)
    {
        var scheduler = Scheduler.Create(name, new SchedulerConfig());
        var (end, exact) = Run(scheduler, 50, 20);
        Assert.InRange((end - exact).abs().max().item<float>() / exact.abs().max().item<float>(), 0,
            name is "ddim" or "euler" or "dpmpp_2m" or "unipc" ? 0.06 : 0.01);
    }

    [Theory]
    [InlineData("ddpm")]
    [InlineData("euler_a")]
    [InlineData("kdpm2_a")]
    [InlineData("kdpm2_a_karras")]
    [InlineData("dpmpp_2m_sde_karras")]
    public void Samples_with_fresh_noise_spread_as_the_pictures_do(string name) =>
        Assert.InRange(FinalSpread(Scheduler.Create(name, new SchedulerConfig())), Spread * 0.95, Spread * 1.05);

    [Fact]
    public void So_do_those_of_DDIM_with_eta_Euler_with_churn_and_the_stochastic_solver_for_the_noise()
    {
        Assert.InRange(FinalSpread(new DDIMScheduler(new SchedulerConfig()) { Eta = 1 }), Spread * 0.95, Spread * 1.05);
        Assert.InRange(FinalSpread(new EulerDiscreteScheduler(new SchedulerConfig()) { SChurn = 20 }), Spread * 0.95, Spread * 1.05);
        foreach (var type in new[] { "midpoint", "heun" })
            Assert.InRange(FinalSpread(new DPMSolverMultistepScheduler(new SchedulerConfig
            {
                AlgorithmType = "sde-dpmsolver",
                SolverType = type,
                UseKarrasSigmas = true
            })), Spread * 0.95, Spread * 1.05);
    }

    private double Error(string name, int steps) => Error(Scheduler.Create(name, new SchedulerConfig()), steps);

    private double Error(Scheduler scheduler, int steps)
    {
        var (end, exact) = Run(scheduler, steps, 0);
        return (end - exact).abs().max().item<float>() / exact.abs().max().item<float>();
    }

    // From the place where a step begins to the end, beside what the end is exactly.
    private static (Tensor End, Tensor Exact) Run(Scheduler scheduler, int steps, int begin)
    {
        scheduler.SetTimesteps(steps);
        var first = scheduler.IndexOfStep(begin);
        scheduler.SetBeginIndex(first);
        var level = scheduler.LevelAt(first);
        using var random = new Generator(3);
        var start = randn([1, 4, 4, 4], generator: random)
            * Math.Sqrt(level.Alpha * level.Alpha * Spread * Spread + level.Sigma * level.Sigma);
        var sample = start;
        for (var i = first; i < scheduler.Timesteps.Length; i++)
            sample = scheduler.Step(BestModel(scheduler, i, sample), scheduler.Timesteps[i], sample, null);

        var last = scheduler is SigmaScheduler sigmas ? sigmas.Sigmas[^1] : Math.Sqrt(1 / (double)scheduler.Schedule.AlphasCumprod[0] - 1);
        var alpha = scheduler is SigmaScheduler and not SolverScheduler ? 1 : 1 / Math.Sqrt(1 + last * last);
        return (sample, start / level.Alpha * alpha * (Size(last) / Size(level.Sigma / level.Alpha)));

        static double Size(double ratio) => Math.Sqrt(Spread * Spread + ratio * ratio);
    }

    private static double FinalSpread(Scheduler scheduler)
    {
        scheduler.SetTimesteps(250);
        using var random = new Generator(4);
        var sample = randn([1, 4, 40, 40], generator: random) * scheduler.InitNoiseSigma;
        for (var i = 0; i < scheduler.Timesteps.Length; i++)
        {
            var t = scheduler.Timesteps[i];
            var noise = scheduler.DrawsNoise(t) ? randn(sample.shape, generator: random) : null;
            sample = scheduler.Step(BestModel(scheduler, i, sample), t, sample, noise);
        }

        return sample.std().item<float>();
    }

    // The expectation of ε, of v or of x₀, given α·x₀ + σ·ε.
    private static Tensor BestModel(Scheduler scheduler, int index, Tensor sample)
    {
        var level = scheduler.LevelAt(index);
        var variance = level.Alpha * level.Alpha * Spread * Spread + level.Sigma * level.Sigma;
        var (epsilon, original) = (sample * (level.Sigma / variance), sample * (level.Alpha * Spread * Spread / variance));
        return scheduler.Config.PredictionType switch
        {
            "epsilon" => epsilon,
            "v_prediction" => (epsilon * level.Alpha - original * level.Sigma) / level.Scale,
            _ => original,
        };
    }
}
