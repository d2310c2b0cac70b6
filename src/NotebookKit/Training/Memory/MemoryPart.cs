
namespace NotebookKit.Training.Memory;

/// <summary>What the memory of a run is held for.</summary>
public enum MemoryPart
{
    /// <summary>Weights of the UNet.</summary>
    UNet,

    /// <summary>Weights of the text encoder.</summary>
    TextEncoder,

    /// <summary>Weights of the VAE.</summary>
    Vae,

    /// <summary>Weights that are trained beside the base: adapters, a word's vectors, Imagic's text states.</summary>
    Beside,

    /// <summary>A gradient for each trained number.</summary>
    Gradients,

    /// <summary>What the optimizer keeps between steps.</summary>
    OptimizerStates,

    /// <summary>Float32 copies of weights that are trained in half precision.</summary>
    Masters,

    /// <summary>The moving average of the trained weights.</summary>
    MovingAverage,

    /// <summary>Encoded pictures and prompts.</summary>
    Caches,

    /// <summary>Kept for backward by norms: their inputs.</summary>
    Norms,

    /// <summary>Kept for backward by the convolutions and activation functions of residual blocks.</summary>
    ResnetBlocks,

    /// <summary>Kept for backward by attention: queries, keys, values, and what came of them.</summary>
    Attention,

    /// <summary>Kept for backward by the transformers' feed-forward parts.</summary>
    FeedForward,

    /// <summary>Kept for backward by adapters: what they squeeze, and what comes of it.</summary>
    Adapters,

    /// <summary>Kept for backward by what is left of the UNet: samplers, projections, the first and last layer.</summary>
    OtherLayers,

    /// <summary>Kept for backward by the text encoder.</summary>
    TextEncoderLayers,

    /// <summary>The inputs of blocks that compute again in backward.</summary>
    Checkpoints,

    /// <summary>Needed for a moment: results on their way to the next layer, gradients on their way back, workspaces.</summary>
    Momentary,
}
