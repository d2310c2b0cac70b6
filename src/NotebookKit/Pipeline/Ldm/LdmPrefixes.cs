
namespace NotebookKit.Pipeline.Ldm;

/// <summary>Under which names a single-file checkpoint keeps its networks.</summary>
internal static class LdmPrefixes
{
    /// <summary>The UNet.</summary>
    public const string UNet = "model.diffusion_model.";

    /// <summary>The UNet's averaged copy, whose names have lost their dots (CompVis' <c>LitEma</c>).</summary>
    public const string Ema = "model_ema.";

    /// <summary>The VAE.</summary>
    public const string Vae = "first_stage_model.";

    /// <summary>CLIP's text encoder, as in SD 1.x.</summary>
    public const string Clip = "cond_stage_model.transformer.";

    /// <summary>OpenCLIP's text encoder, as in SD 2.x.</summary>
    public const string OpenClip = "cond_stage_model.model.";

    /// <summary>The text encoders of SDXL.</summary>
    public const string Conditioner = "conditioner.embedders.";

    /// <summary>Inside CLIP; files of old tools lack it.</summary>
    public const string TextModel = "text_model.";

    /// <summary>The EMA names that a UNet tensor may have: CompVis' own, and the one that the DreamBooth extension wrote.</summary>
    public static IEnumerable<string> EmaNames(string name)
    {
        var dotless = name.Replace(".", "", StringComparison.Ordinal);
        return [$"{Ema}diffusion_model{dotless}", Ema + dotless];
    }
}
