using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>
/// What the UNet attends to in each sampling step. Here the prompt's language belongs: weights, chunks and clip skip in
/// how a text is encoded, prompts that change with the steps in <see cref="At"/>, <c>AND</c> in the weighted prompts of a step.
/// </summary>
internal sealed class Conditioning
{
    private readonly StepStates states;

    private Conditioning(StepStates states) => this.states = states;

    /// <summary>Encodes the prompts; the tensors belong to the caller's dispose scope.</summary>
    /// <param name="model">Its text encoder reads them.</param>
    /// <param name="options">The prompts, and how many steps there will be.</param>
    public static Conditioning Encode(StableDiffusion model, SampleOptions options)
    {
        if (options.GuidanceScale <= 1)
            return new Conditioning(new StepStates(null, [(model.EncodePrompts([options.Prompt]), 1)]));
        var both = model.EncodePrompts([options.NegativePrompt, options.Prompt]); // (2, 77, D)
        return new Conditioning(new StepStates(both.narrow(0, 0, 1), [(both.narrow(0, 1, 1), 1)]));
    }

    /// <summary>The states of a step; the same object as long as they do not change.</summary>
    /// <param name="step">From 0 to <see cref="SampleOptions.Steps"/> − 1.</param>
    public StepStates At(int step) => states;
}

/// <summary>The text states of a sampling step, each (1, L, D) with one L for all.</summary>
/// <param name="Negative">What to lead away from; null without guidance.</param>
/// <param name="Prompts">What to lead to, and how strongly each (composable diffusion, Liu et al. 2022).</param>
internal sealed record StepStates(Tensor? Negative, IReadOnlyList<(Tensor States, double Weight)> Prompts);
