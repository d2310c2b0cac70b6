using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;

namespace NotebookKit.Schedulers;

/// <summary>
/// How noise is added in training and taken away in sampling: the fields of diffusers' <c>scheduler_config.json</c>.
/// The defaults are Stable Diffusion's, not diffusers' own.
/// </summary>
public sealed record SchedulerConfig
{
    /// <summary>Timesteps of the noising process.</summary>
    public int NumTrainTimesteps { get; init; } = 1000;

    /// <summary>Noise added at the first timestep.</summary>
    public double BetaStart { get; init; } = 0.00085;

    /// <summary>Noise added at the last timestep.</summary>
    public double BetaEnd { get; init; } = 0.012;

    /// <summary><c>linear</c>, <c>scaled_linear</c> (linear in √β: Stable Diffusion), <c>squaredcos_cap_v2</c>, <c>exp</c> or
    /// <c>sigmoid</c>.</summary>
    public string BetaSchedule { get; init; } = "scaled_linear";

    /// <summary>Every β outright, which then takes the place of the three fields above.</summary>
    public IReadOnlyList<double>? TrainedBetas { get; init; }

    /// <summary>What the model predicts: <c>epsilon</c>, <c>v_prediction</c> or <c>sample</c>.</summary>
    public string PredictionType { get; init; } = "epsilon";

    /// <summary>How sampling picks its timesteps: <c>leading</c>, <c>linspace</c> or <c>trailing</c>; null for the sampler's own
    /// habit.</summary>
    public string? TimestepSpacing { get; init; }

    /// <summary>Added to the timesteps of <c>leading</c>: 1 in Stable Diffusion.</summary>
    public int StepsOffset { get; init; } = 1;

    /// <summary>Whether the step past timestep 0 has no noise at all; false in Stable Diffusion: it keeps that of timestep 0.</summary>
    public bool SetAlphaToOne { get; init; }

    /// <summary>Whether the predicted picture is clamped; false in Stable Diffusion, whose latents have no fixed range.</summary>
    public bool ClipSample { get; init; }

    /// <summary>The range of that clamp, ± this.</summary>
    public double ClipSampleRange { get; init; } = 1;

    /// <summary>Whether the predicted picture is kept in range by its own quantile instead; for models of pixels, not of latents.</summary>
    public bool Thresholding { get; init; }

    /// <summary>The share of a picture's values that thresholding leaves as they are.</summary>
    public double DynamicThresholdingRatio { get; init; } = 0.995;

    /// <summary>The largest range that thresholding allows, ± this.</summary>
    public double SampleMaxValue { get; init; } = 1;

    /// <summary>Rescales the β so that the last timestep is pure noise (Lin et al. 2023, "Common diffusion noise schedules … are
    /// flawed").</summary>
    public bool RescaleBetasZeroSnr { get; init; }

    /// <summary>The variance of DDPM's steps: <c>fixed_small</c>, <c>fixed_small_log</c> or <c>fixed_large</c>; null for
    /// <c>fixed_small</c>.</summary>
    public string? VarianceType { get; init; }

    /// <summary>Noise levels spaced as by Karras et al. 2022, equation 5.</summary>
    public bool UseKarrasSigmas { get; init; }

    /// <summary>Karras spacing: the lowest level; null for that of the first timestep visited.</summary>
    public double? SigmaMin { get; init; }

    /// <summary>Karras spacing: the highest level; null for that of the last timestep visited.</summary>
    public double? SigmaMax { get; init; }

    /// <summary>The level after the last step: <c>zero</c>, or <c>sigma_min</c> for that of timestep 0; null for the sampler's own
    /// habit.</summary>
    public string? FinalSigmasType { get; init; }

    /// <summary>Euler: noise levels between whole timesteps are interpolated <c>linear</c> or <c>log_linear</c>.</summary>
    public string InterpolationType { get; init; } = "linear";

    /// <summary>Euler: what the model is told, <c>discrete</c> timesteps, or <c>continuous</c> ¼·log σ with v-prediction (Karras et al.
    /// 2022, table 1).</summary>
    public string TimestepType { get; init; } = "discrete";

    /// <summary>PNDM: begin without the four Runge-Kutta steps; true in Stable Diffusion.</summary>
    public bool SkipPrkSteps { get; init; } = true;

    /// <summary>DPM-Solver and UniPC: how many predictions a step uses, 1 to 3.</summary>
    public int SolverOrder { get; init; } = 2;

    /// <summary>
    /// DPM-Solver: <c>dpmsolver++</c> solves for the picture, <c>dpmsolver</c> for the noise; with <c>sde-</c> before it,
    /// fresh noise is added at each step. <c>deis</c> is taken for <c>dpmsolver++</c>.
    /// </summary>
    public string AlgorithmType { get; init; } = "dpmsolver++";

    /// <summary>
    /// DPM-Solver: <c>midpoint</c> or <c>heun</c>; UniPC: <c>bh1</c> or <c>bh2</c>; null, or the other's value, for the
    /// sampler's own habit.
    /// </summary>
    public string? SolverType { get; init; }

    /// <summary>DPM-Solver: lower order in the last steps when there are fewer than 15, which steadies them; UniPC: always.</summary>
    public bool LowerOrderFinal { get; init; } = true;

    /// <summary>DPM-Solver: first order in the last step however many there are.</summary>
    public bool EulerAtFinal { get; init; }

    /// <summary>DPM-Solver: noise levels spaced evenly in λ (Lu et al. 2022, DPM-Solver, section 4).</summary>
    public bool UseLuLambdas { get; init; }

    /// <summary>DPM-Solver: levels whose λ is lower than this are left out; null for none. For the cosine schedule.</summary>
    public double? LambdaMinClipped { get; init; }

    /// <summary>UniPC: solve for the picture, not for the noise.</summary>
    [JsonPropertyName("predict_x0")]
    public bool PredictX0 { get; init; } = true;

    /// <summary>UniPC: the steps, from 0, after which nothing is corrected.</summary>
    public IReadOnlyList<int> DisableCorrector { get; init; } = [];

    /// <summary>Every other field of the file, kept for saving.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? OtherFields { get; init; }

    /// <summary>Reads a <c>scheduler_config.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">The file is missing or malformed, or asks for what is not there.</exception>
    public static SchedulerConfig Load(string path)
    {
        var config = ConfigFile.Load<SchedulerConfig>(path);
        config.Validate();
        return config;
    }

    /// <summary>Reads a configuration from JSON text.</summary>
    /// <param name="json">What a <c>scheduler_config.json</c> holds.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="BadInputException">It is malformed, or asks for what is not there.</exception>
    public static SchedulerConfig Parse(string json)
    {
        var config = ConfigFile.Parse<SchedulerConfig>(json, "the scheduler's configuration");
        config.Validate();
        return config;
    }

    /// <summary>Writes a <c>scheduler_config.json</c> that diffusers reads.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => ConfigFile.Save(path, this, "_class_name", nameof(DDIMScheduler));

    internal void Validate()
    {
        ConfigFile.RefuseUnknownFeatures(OtherFields, "scheduler", new Dictionary<string, string>
        {
            ["solver_p"] = "",
            ["use_exponential_sigmas"] = "",
            ["use_beta_sigmas"] = "",
            ["use_flow_sigmas"] = "",
        });
        if (NumTrainTimesteps is < 1 or > 1_000_000)
            throw new BadInputException($"The scheduler's num_train_timesteps is {NumTrainTimesteps}; it must be from 1 to 1000000.");
        if (TrainedBetas is { } betas && betas.Count != NumTrainTimesteps)
            throw new BadInputException($"The scheduler's trained_betas has {betas.Count} entries, num_train_timesteps says "
                + $"{NumTrainTimesteps}.");
        if (!(BetaStart > 0 && BetaEnd < 1 && BetaStart <= BetaEnd))
            throw new BadInputException($"The scheduler's beta_start {BetaStart} and beta_end {BetaEnd} must lie between 0 and 1, in that "
                + "order.");
        Check("beta_schedule", BetaSchedule, "linear", "scaled_linear", "squaredcos_cap_v2", "exp", "sigmoid");
        Check("prediction_type", PredictionType, "epsilon", "v_prediction", "sample");
        Check("timestep_spacing", TimestepSpacing ?? "leading", "leading", "linspace", "trailing");
        Check("variance_type", VarianceType ?? "fixed_small", "fixed_small", "fixed_small_log", "fixed_large");
        Check("interpolation_type", InterpolationType, "linear", "log_linear");
        Check("timestep_type", TimestepType, "discrete", "continuous");
        Check("final_sigmas_type", FinalSigmasType ?? "zero", "zero", "sigma_min");
        Check("algorithm_type", AlgorithmType, "dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver", "deis");
        Check("solver_type", SolverType ?? "midpoint", "midpoint", "heun", "logrho", "bh1", "bh2");
        if (SolverOrder is < 1 or > 3)
            throw new BadInputException($"The scheduler's solver_order is {SolverOrder}; it must be 1, 2 or 3.");
    }

    private static void Check(string field, string value, params string[] known)
    {
        if (!known.Contains(value))
            throw new BadInputException($"The scheduler's {field} is '{value}'; known are {string.Join(", ", known)}.");
    }
}
