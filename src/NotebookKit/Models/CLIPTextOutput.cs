using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>What the text encoder says about prompts.</summary>
/// <param name="LastHiddenState">(B, L, D) after the final norm: what the UNet attends to.</param>
/// <param name="PoolerOutput">(B, D): the state at the end token, a summary of the prompt.</param>
/// <param name="HiddenStates">The embeddings and each layer's output before the final norm, (B, L, D) each.</param>
public sealed record CLIPTextOutput(Tensor LastHiddenState, Tensor PoolerOutput, IReadOnlyList<Tensor> HiddenStates);
