using NotebookKit.Checkpoints;
using NotebookKit.Pipeline.Ldm;

namespace NotebookKit.Lora.Files;

/// <summary>What a file is that is no LoRA, by the recogniser that every verb goes by.</summary>
internal static class NoLora
{
    /// <summary>The end of a sentence that begins with the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">Its tensors' names.</param>
    public static string Told(string path, IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
            return "holds no tensors; give a LoRA file.";
        using var file = WeightFile.Open(path);
        var kind = CheckpointKinds.Of(file);
        return kind switch
        {
            CheckpointKind.TextualInversion =>
                "is no LoRA but a textual inversion embedding; put it into the embeddings folder and write its word in the prompt.",
            CheckpointKind.StableDiffusion1 or CheckpointKind.StableDiffusion2 =>
                $"is no LoRA but {kind.InWords()}, a whole model; give it as the base.",
            CheckpointKind.RunState =>
                $"is no LoRA but {kind.InWords()}, for kit train --resume; give its weights, the file beside it without \".state\".",
            CheckpointKind.Unknown or CheckpointKind.Lora =>
                $"is no LoRA that can be read here: it holds the tensor {names.First()}; give a LoRA in kohya's, LyCORIS', PEFT's or "
                    + "diffusers' format.",
            _ => $"is no LoRA but {kind.InWords()}; give a LoRA file.",
        };
    }
}
