using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Schedulers;

public sealed class SchedulerTests : IDisposable
{
    private readonly IDisposable _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Stable_Diffusion_keeps_seven_percent_of_the_signal_at_the_last_timestep()
    {
        var alphas = new NoiseSchedule(new SchedulerConfig()).AlphasCumprod;
        Assert.Equal(1000, alphas.Count);
        Assert.Equal(0.99915f, alphas[0], 1e-6f);
        Assert.Equal(0.0683, Math.Sqrt(alphas[999]), 1e-3);
        Assert.Equal(alphas.OrderDescending(), alphas);
    }

    [Fact]
    public void Zero_terminal_snr_leaves_nothing_of_the_picture() =>
        Assert.Equal(0f, new NoiseSchedule(new SchedulerConfig { RescaleBetasZeroSnr = true }).AlphasCumprod[999], 1e-7f);

    [Theory]
    [InlineData("ddim")]
    [InlineData("euler")]
    [InlineData("dpmpp_2m")]
    [InlineData("dpmpp_2m_karras")]
    public void A_model_that_knows_the_noise_gets_the_picture_back(string name)
    {
        var scheduler = Scheduler.Create(name, new SchedulerConfig { SetAlphaToOne = true });
        scheduler.SetTimesteps(10);
        var (picture, noise) = (rand(2, 4, 8, 8) - 0.5, randn(2, 4, 8, 8));
        var first = tensor(new[] { scheduler.Timesteps[0], scheduler.Timesteps[0] });
        var sample = scheduler.AddNoise(picture, noise, name == "ddim" ? first.to(ScalarType.Int64) : first);
        foreach (var t in scheduler.Timesteps)
            sample = scheduler.Step(noise, t, sample);
        // What is left is the noise level of the last step: none for ddim and euler, that of timestep 0 for the solver.
        Assert.True((sample - picture).abs().max().item<float>() < (name.StartsWith("dpm") ? 0.2 : 1e-3));
    }

    [Fact]
    public void The_velocity_and_the_noised_picture_give_picture_and_noise_back()
    {
        var scheduler = new DDPMScheduler(new SchedulerConfig());
        var (picture, noise, t) = (randn(3, 4, 2, 2), randn(3, 4, 2, 2), tensor(new long[] { 0, 500, 999 }));
        var (noised, velocity) = (scheduler.AddNoise(picture, noise, t), scheduler.GetVelocity(picture, noise, t));
        var alpha = scheduler.AlphasCumprod.index_select(0, t).view(-1, 1, 1, 1);
        Assert.True((alpha.sqrt() * noised - (1 - alpha).sqrt() * velocity).allclose(picture, atol: 1e-5));
        Assert.True((alpha.sqrt() * velocity + (1 - alpha).sqrt() * noised).allclose(noise, atol: 1e-5));
    }

    [Fact]
    public void Noise_is_asked_for_where_it_is_needed_and_nowhere_else()
    {
        var config = new SchedulerConfig();
        Assert.False(new DDIMScheduler(config).DrawsNoise(500));
        Assert.True(new DDIMScheduler(config) { Eta = 0.5 }.DrawsNoise(500));
        Assert.True(new DDPMScheduler(config).DrawsNoise(500));
        Assert.False(new DDPMScheduler(config).DrawsNoise(0));
        var ddpm = new DDPMScheduler(config);
        ddpm.SetTimesteps(10);
        Assert.Throws<ArgumentNullException>(() => ddpm.Step(zeros(1, 1, 1, 1), ddpm.Timesteps[0], zeros(1, 1, 1, 1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public void Impossible_numbers_of_steps_are_refused(int steps)
    {
        foreach (var name in Scheduler.Names)
            Assert.Contains("1 to 1000",
                Assert.Throws<BadInputException>(() => Scheduler.Create(name, new SchedulerConfig()).SetTimesteps(steps)).Message);
    }

    [Theory]
    [InlineData("dpm2m", "dpmpp_2m")]
    [InlineData("Euler ancestral", "euler_a")]
    [InlineData("HeunScheduler", "heun")]
    [InlineData("uni-pc", "unipc")]
    public void An_unknown_sampler_is_answered_with_the_nearest_names(string name, string nearest)
    {
        var sentence = Assert.Throws<BadInputException>(() => Scheduler.Create(name, new SchedulerConfig())).Message;
        Assert.Contains(nearest, sentence[..sentence.IndexOf("Known", StringComparison.Ordinal)]);
    }

    [Fact]
    public void A_sampler_is_found_by_its_name_the_web_UIs_and_diffusers()
    {
        foreach (var sampler in SamplerName.All)
        {
            var type = Scheduler.Create(sampler.Name, new SchedulerConfig()).GetType();
            Assert.Equal(sampler.ClassName, type.Name);
            Assert.Equal(type, Scheduler.Create(sampler.Label.ToUpperInvariant(), new SchedulerConfig()).GetType());
            Assert.Equal(type, Scheduler.Create(sampler.ClassName, new SchedulerConfig()).GetType());
        }
    }

    [Fact]
    public void From_pure_noise_the_predicted_noise_is_refused_and_the_velocity_is_not()
    {
        var config = new SchedulerConfig { RescaleBetasZeroSnr = true, TimestepSpacing = "trailing" };
        Assert.Contains("v_prediction", Assert.Throws<BadInputException>(() => new DDIMScheduler(config).SetTimesteps(10)).Message);
        new DDIMScheduler(config with { PredictionType = "v_prediction" }).SetTimesteps(10);
        new DDIMScheduler(config with { TimestepSpacing = "leading" }).SetTimesteps(10);
    }

    [Fact]
    public void From_pure_noise_a_clipped_prediction_may_be_of_the_noise()
    {
        // Divided by nothing it is ±∞, and clipped ±1: what the reference makes of it.
        var scheduler = new DDIMScheduler(new SchedulerConfig
        {
            RescaleBetasZeroSnr = true,
            TimestepSpacing = "trailing",
            ClipSample = true
        });
        scheduler.SetTimesteps(10);
        Assert.True(scheduler.Step(ones(1, 1, 1, 2), scheduler.Timesteps[0], tensor(new float[] { 2, -2 }).view(1, 1, 1, 2)).isfinite()
            .all().item<bool>());
        Assert.Throws<BadInputException>(() => new DDIMScheduler(scheduler.Config with { Thresholding = true }).SetTimesteps(10));
    }

    [Fact]
    public void Continuous_timesteps_with_log_linear_levels_are_one_more_as_the_levels_are()
    {
        var scheduler = new EulerDiscreteScheduler(new SchedulerConfig
        {
            TimestepType = "continuous",
            PredictionType = "v_prediction",
            InterpolationType = "log_linear"
        });
        scheduler.SetTimesteps(5);
        Assert.Equal((6, 7), (scheduler.Timesteps.Length, scheduler.Sigmas.Length));
        Assert.Equal(0.25 * Math.Log(scheduler.Sigmas[5]), scheduler.Timesteps[5], 1e-6);
    }

    [Fact]
    public void Noise_is_added_at_a_broken_timestep_whatever_its_last_digits()
    {
        var scheduler = new KDPM2DiscreteScheduler(new SchedulerConfig());
        scheduler.SetTimesteps(20);
        var noised = scheduler.AddNoise(zeros(1, 1, 1, 1), ones(1, 1, 1, 1), tensor(new[] { scheduler.Timesteps[1] + 1e-4 }));
        Assert.Equal(scheduler.Sigmas[1], noised.item<float>(), 1e-5);
        Assert.Throws<ArgumentException>(() => scheduler.AddNoise(zeros(1, 1, 1, 1), ones(1, 1, 1, 1), tensor(new[] { 0.5 })));
    }

    [Fact]
    public void A_long_ancestral_step_is_rounded_as_in_the_reference()
    {
        var (up, down) = EulerAncestralDiscreteScheduler.Split(14.614645004272461, 0.029167532920837402);
        Assert.Equal((0.029167473f, 5.860249e-05f), ((float)up, (float)down)); // exactly, down is 5.8212e-5
    }

    [Fact]
    public void Thresholding_scales_each_picture_into_range_by_its_own_quantile()
    {
        var config = new SchedulerConfig
        {
            Thresholding = true,
            DynamicThresholdingRatio = 0.5,
            SampleMaxValue = 100,
            PredictionType = "sample",
            SetAlphaToOne = true
        };
        var scheduler = new DDIMScheduler(config);
        scheduler.SetTimesteps(1);
        var original = tensor(new float[] { -8, 4, 2, 0.5f, 0.5f, 0.25f, -0.5f, 0.125f }).view(2, 1, 2, 2);
        var result = scheduler.Step(original, scheduler.Timesteps[0], zeros(2, 1, 2, 2));
        // The medians are 3 and 0.4375; a range below 1 stays.
        Assert.True(result.allclose(tensor(new float[] { -1, 1, 2 / 3f, 0.5f / 3, 0.5f, 0.25f, -0.5f, 0.125f }).view(2, 1, 2, 2),
            atol: 1e-6), result.ToString(true));
    }

    [Fact]
    public void Levels_of_too_low_a_lambda_are_left_out()
    {
        var scheduler = new DPMSolverMultistepScheduler(new SchedulerConfig
        {
            BetaSchedule = "squaredcos_cap_v2",
            LambdaMinClipped = -5.1
        });
        scheduler.SetTimesteps(20);
        Assert.Equal(20, scheduler.Timesteps.Length);
        Assert.InRange(scheduler.Timesteps[0], 980, 998);
        Assert.InRange(-Math.Log(scheduler.Sigmas[0]), -5.1, -4.9);
    }

    [Fact]
    public void Evenly_spaced_lambdas_and_a_last_level_of_zero_are_taken()
    {
        var even = new DPMSolverMultistepScheduler(new SchedulerConfig { UseLuLambdas = true });
        even.SetTimesteps(10);
        var steps = even.Sigmas.SkipLast(1).Select(sigma => Math.Log(sigma)).ToArray();
        Assert.All(steps.Zip(steps.Skip(1), (a, b) => b - a), step => Assert.Equal((steps[^1] - steps[0]) / 9, step, 1e-5));

        var zero = new DPMSolverMultistepScheduler(new SchedulerConfig { FinalSigmasType = "zero" });
        zero.SetTimesteps(20);
        Assert.Equal(0, zero.Sigmas[^1]);
        var sample = randn(1, 4, 2, 2);
        foreach (var t in zero.Timesteps)
            sample = zero.Step(zeros(1, 4, 2, 2), t, sample);
        Assert.True(sample.isfinite().all().item<bool>());
    }

    [Theory]
    [InlineData("""{"beta_schedule": "wavy"}""", "beta_schedule")]
    [InlineData("""{"algorithm_type": "magic"}""", "algorithm_type")]
    [InlineData("""{"solver_order": 4}""", "solver_order")]
    [InlineData("""{"beta_start": 0.5, "beta_end": 0.1}""", "beta_start")]
    [InlineData("""{"num_train_timesteps": -1}""", "num_train_timesteps")]
    public void What_a_configuration_asks_for_in_vain_is_named(string json, string named) =>
        Assert.Contains(named, Assert.Throws<BadInputException>(() => SchedulerConfig.Parse(json)).Message);

    [Fact]
    public void A_file_that_Python_wrote_with_infinities_is_read() =>
        Assert.Equal(3, SchedulerConfig.Parse(
            """{"lambda_min_clipped": -Infinity, "steps_offset": 3, "note": "not -Infinity"}""").StepsOffset);
}
