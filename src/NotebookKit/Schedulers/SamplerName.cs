namespace NotebookKit.Schedulers;

/// <summary>A sampler by its names.</summary>
/// <param name="Name">Short: <c>dpmpp_2m</c>.</param>
/// <param name="Label">The web UI's: <c>DPM++ 2M</c>.</param>
/// <param name="ClassName">diffusers': <c>DPMSolverMultistepScheduler</c>.</param>
/// <param name="Make">Makes the sampler for a model's noise schedule.</param>
internal sealed record SamplerName(string Name, string Label, string ClassName, Func<SchedulerConfig, Scheduler> Make)
{
    /// <summary>Every sampler; of one class the plain form first, which is what the class name alone means.</summary>
    public static IReadOnlyList<SamplerName> All { get; } =
    [
        new("ddim", "DDIM", nameof(DDIMScheduler), config => new DDIMScheduler(config)),
        new("ddpm", "DDPM", nameof(DDPMScheduler), config => new DDPMScheduler(config)),
        new("pndm", "PLMS", nameof(PNDMScheduler), config => new PNDMScheduler(config)),
        new("lms", "LMS", nameof(LMSDiscreteScheduler), config => new LMSDiscreteScheduler(config)),
        new("lms_karras", "LMS Karras", nameof(LMSDiscreteScheduler),
            config => new LMSDiscreteScheduler(config with { UseKarrasSigmas = true })),
        new("euler", "Euler", nameof(EulerDiscreteScheduler), config => new EulerDiscreteScheduler(config)),
        new("euler_karras", "Euler Karras", nameof(EulerDiscreteScheduler),
            config => new EulerDiscreteScheduler(config with { UseKarrasSigmas = true })),
        new("euler_a", "Euler a", nameof(EulerAncestralDiscreteScheduler), config => new EulerAncestralDiscreteScheduler(config)),
        new("heun", "Heun", nameof(HeunDiscreteScheduler), config => new HeunDiscreteScheduler(config)),
        new("heun_karras", "Heun Karras", nameof(HeunDiscreteScheduler),
            config => new HeunDiscreteScheduler(config with { UseKarrasSigmas = true })),
        new("kdpm2", "DPM2", nameof(KDPM2DiscreteScheduler), config => new KDPM2DiscreteScheduler(config)),
        new("kdpm2_karras", "DPM2 Karras", nameof(KDPM2DiscreteScheduler),
            config => new KDPM2DiscreteScheduler(config with { UseKarrasSigmas = true })),
        new("kdpm2_a", "DPM2 a", nameof(KDPM2AncestralDiscreteScheduler), config => new KDPM2AncestralDiscreteScheduler(config)),
        new("kdpm2_a_karras", "DPM2 a Karras", nameof(KDPM2AncestralDiscreteScheduler),
            config => new KDPM2AncestralDiscreteScheduler(config with { UseKarrasSigmas = true })),
        new("dpmpp_2m", "DPM++ 2M", nameof(DPMSolverMultistepScheduler), config => new DPMSolverMultistepScheduler(config)),
        new("dpmpp_2m_karras", "DPM++ 2M Karras", nameof(DPMSolverMultistepScheduler),
            config => new DPMSolverMultistepScheduler(config with { UseKarrasSigmas = true })),
        new("dpmpp_2m_sde", "DPM++ 2M SDE", nameof(DPMSolverMultistepScheduler),
            config => new DPMSolverMultistepScheduler(config with { AlgorithmType = "sde-dpmsolver++" })),
        new("dpmpp_2m_sde_karras", "DPM++ 2M SDE Karras", nameof(DPMSolverMultistepScheduler),
            config => new DPMSolverMultistepScheduler(config with { AlgorithmType = "sde-dpmsolver++", UseKarrasSigmas = true })),
        new("dpmpp_1", "DPM++ 1M", nameof(DPMSolverMultistepScheduler),
            config => new DPMSolverMultistepScheduler(config with { SolverOrder = 1 })),
        new("dpmpp_3m", "DPM++ 3M", nameof(DPMSolverMultistepScheduler),
            config => new DPMSolverMultistepScheduler(config with { SolverOrder = 3 })),
        new("unipc", "UniPC", nameof(UniPCMultistepScheduler), config => new UniPCMultistepScheduler(config)),
    ];

    /// <summary>The sampler of a name, label or class name; capitals do not matter.</summary>
    /// <exception cref="BadInputException">There is none; the sentence names the nearest.</exception>
    public static SamplerName Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (All.FirstOrDefault(sampler => sampler.Names.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } found)
            return found;
        var nearest = All.OrderBy(sampler => sampler.Names.Min(known => NearestName.Distance(Plain(known), Plain(name)))).Take(3)
            .Select(sampler => sampler.Name);
        throw new BadInputException($"There is no scheduler '{name}'; the nearest are {string.Join(", ", nearest)}. Known are "
            + $"{string.Join(", ", All.Select(sampler => sampler.Name))}.");
    }

    private string[] Names => [Name, Label, ClassName];

    private static string Plain(string name) =>
        string.Concat(name.ToLowerInvariant().Replace("scheduler", "", StringComparison.Ordinal)
            .Replace("++", "pp", StringComparison.Ordinal).Where(char.IsLetterOrDigit));
}
