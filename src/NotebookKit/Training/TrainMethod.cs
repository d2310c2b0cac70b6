
namespace NotebookKit.Training;

/// <summary>What a run changes.</summary>
public enum TrainMethod
{
    /// <summary>Small adapters beside the frozen base; the result is a file of a few megabytes.</summary>
    Lora,

    /// <summary>Every weight of the UNet (Ruiz et al. 2022); the result is a whole model.</summary>
    DreamBooth,

    /// <summary>A LoRA whose adapters sit on the convolutions too; a larger file that learns more.</summary>
    LoraExtended,

    /// <summary>A new word, and nothing but its embedding (Gal et al. 2022); the result is a file of a few kilobytes.</summary>
    TextualInversion,

    /// <summary>
    /// One picture (Kawar et al. 2022): first the prompt's text states until they describe it, then the UNet; the result
    /// is a model in which the picture can be led towards the prompt.
    /// </summary>
    Imagic,
}
