using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Schedulers;

public sealed class SchedulerTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

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
            Assert.Contains("1 to 1000", Assert.Throws<BadInputException>(() => Scheduler.Create(name, new SchedulerConfig()).SetTimesteps(steps)).Message);
    }

    [Fact]
    public void An_unknown_sampler_is_answered_with_the_known_ones() =>
        Assert.Contains("dpmpp_2m", Assert.Throws<BadInputException>(() => Scheduler.Create("magic", new SchedulerConfig())).Message);

    [Theory]
    [InlineData("""{"beta_schedule": "sigmoid"}""", "beta_schedule")]
    [InlineData("""{"thresholding": true}""", "thresholding")]
    [InlineData("""{"beta_start": 0.5, "beta_end": 0.1}""", "beta_start")]
    [InlineData("""{"num_train_timesteps": -1}""", "num_train_timesteps")]
    public void What_a_configuration_asks_for_in_vain_is_named(string json, string named) =>
        Assert.Contains(named, Assert.Throws<BadInputException>(() => SchedulerConfig.Parse(json)).Message);

    [Fact]
    public void A_file_that_Python_wrote_with_infinities_is_read() =>
        Assert.Equal(3, SchedulerConfig.Parse("""{"lambda_min_clipped": -Infinity, "steps_offset": 3, "note": "not -Infinity"}""").StepsOffset);
}
