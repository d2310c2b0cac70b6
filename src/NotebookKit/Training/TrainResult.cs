using NotebookKit.Lora.Tools;
using NotebookKit.Training.Runs;

namespace NotebookKit.Training;

/// <summary>What a run made.</summary>
/// <param name="Output">The LoRA or embedding file, or the folder of a whole model.</param>
/// <param name="History">Loss, learning rate and gradient norm of every optimizer step.</param>
/// <param name="Samples">The sample grids, oldest first.</param>
/// <param name="Epochs">Epochs begun: fewer than planned when the run was stopped.</param>
/// <param name="Seconds">Wall time of the run, class images included.</param>
/// <param name="PeakBytes">The most memory held: of the device, or of the process on a CPU.</param>
/// <param name="Stopped">True when the run was cancelled; what was trained until then is saved.</param>
/// <param name="Warnings">Sentences about settings that will have surprised.</param>
public sealed record TrainResult(
    string Output,
    IReadOnlyList<StepRecord> History,
    IReadOnlyList<SampleGrid> Samples,
    int Epochs,
    double Seconds,
    long PeakBytes,
    bool Stopped,
    IReadOnlyList<string> Warnings)
{
    /// <summary>The losses on the held-out pictures, oldest first; empty without any.</summary>
    public IReadOnlyList<HeldOutRecord> HeldOut { get; init; } = [];

    /// <summary>A LoRA's file loaded into a fresh base and compared with the live network; null for other methods.</summary>
    public LoraProof? Proof { get; init; }

    /// <summary>The newest checkpoint; null where none was written.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Whether nothing was left to train, so that the result lies there as it was.</summary>
    public bool Untouched { get; init; }

    /// <summary>The run card beside the output.</summary>
    public string? Card { get; init; }
}
