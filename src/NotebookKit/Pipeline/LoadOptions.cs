using NotebookKit.Checkpoints.Hub;

namespace NotebookKit.Pipeline;

/// <summary>What <see cref="StableDiffusion.Load"/> is to take where there is a choice.</summary>
public sealed record LoadOptions
{
    /// <summary>A branch, tag or commit on the hub; a name written as <c>OWNER/NAME@REVISION</c> says it itself.</summary>
    public string Revision { get; init; } = "main";

    /// <summary>Which of several sets of weights in a folder, such as <c>fp16</c>; the plain one when null, or fp16 where that is all there
    /// is.</summary>
    public string? Variant { get; init; }

    /// <summary>Single files: take the UNet's averaged (EMA) copy instead of the trained weights.</summary>
    public bool UseEma { get; init; }

    /// <summary>Hears how a download goes on; where it is null, standard error tells it.</summary>
    public IProgress<HubProgress>? Progress { get; init; }
}
