namespace NotebookKit.Training;

/// <summary>What a run changes.</summary>
public enum TrainMethod
{
    /// <summary>Small adapters beside the frozen base; the result is a file of a few megabytes.</summary>
    Lora,

    /// <summary>Every weight of the UNet (Ruiz et al. 2022); the result is a whole model in a diffusers folder.</summary>
    DreamBooth,
}
