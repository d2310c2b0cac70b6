
namespace NotebookKit.Lora.Files;

/// <summary>Something about a LoRA file that does not work; the rest of the file does.</summary>
/// <param name="What">What is wrong, as the end of a sentence that begins with how many: "tensors that are no part of a LoRA".</param>
/// <param name="Names">The layers or tensors that it is about.</param>
public sealed record LoraProblem(string What, IReadOnlyList<string> Names)
{
    /// <summary>One clause: "2 layers that this base does not have: lora_unet_a, lora_unet_b".</summary>
    public override string ToString() =>
        $"{Names.Count} {What}: {string.Join(", ", Names.Take(3))}{(Names.Count > 3 ? $" and {Names.Count - 3} more" : "")}";
}
