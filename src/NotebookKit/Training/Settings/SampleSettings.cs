namespace NotebookKit.Training.Settings;

/// <summary>The sample grids, and the held-out pictures: what is measured on the way.</summary>
public sealed record SampleSettings
{
    /// <summary>Draw the sample grid every so many epochs, and at the end; 0 draws none.</summary>
    [Setting("--sample-every", "draw sample grids every so many epochs (0: none)", Name = "sample_every", Min = 0, Unit = "epochs",
        MayChange = true)]
    public int Every { get; init; }

    /// <summary>Draw the sample grid before the first step too: what the base makes of the prompts, as epoch 0.</summary>
    [Setting("--sample-at-first", "draw a grid before the first step too", Name = "sample_at_first", Needs = Need.Samples,
        MayChange = true)]
    public bool AtFirst { get; init; }

    /// <summary>Denoising steps of a sample or class image.</summary>
    [Setting("--sample-steps", "denoising steps of samples and class images", Name = "sample_steps", Min = 1, Unit = "steps",
        Needs = Need.Drawn)]
    public int Steps { get; init; } = 20;

    /// <summary>Classifier-free guidance of a sample.</summary>
    [Setting("--sample-cfg", "guidance of samples", Name = "sample_guidance", Otherwise = "7.5, a miniature's 3", Needs = Need.Samples,
        MayChange = true)]
    public double? Guidance { get; init; }

    /// <summary>What draws samples and class images: one of <see cref="Schedulers.Scheduler.Names"/>.</summary>
    [Setting("--sampler", "what draws samples and class images: ddim, ddpm, pndm, lms, lms_karras, euler, euler_karras, euler_a, heun, "
        + "heun_karras, kdpm2, kdpm2_karras, kdpm2_a, kdpm2_a_karras, dpmpp_2m, dpmpp_2m_karras, dpmpp_2m_sde, dpmpp_2m_sde_karras, "
        + "dpmpp_1, dpmpp_3m, unipc", Needs = Need.Drawn)]
    public string Sampler { get; init; } = "ddim";

    /// <summary>A last row of the sample grid that has nothing to do with the subject and should stay as it is; null for none.</summary>
    [Setting("--sanity-prompt", "a last row that should not change", Needs = Need.Samples, MayChange = true)]
    public string? SanityPrompt { get; init; }

    /// <summary>A folder of the subject's pictures that are not trained on; how well they are denoised tells learning from
    /// memorising.</summary>
    [Setting("--held-out-dir", "the subject's pictures that are only measured, not trained on", MayChange = true)]
    public string? HeldOutDir { get; init; }

    /// <summary>Measure the held-out pictures every so many epochs.</summary>
    [Setting("--held-out-every", "measure them every so many epochs", Min = 1, Unit = "epochs", Needs = Need.HeldOut, MayChange = true)]
    public int HeldOutEvery { get; init; } = 10;
}
