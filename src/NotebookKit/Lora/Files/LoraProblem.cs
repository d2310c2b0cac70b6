
namespace NotebookKit.Lora.Files;

/// <summary>Something about a LoRA file that does not work; the rest of the file does.</summary>
/// <param name="What">What is wrong, as the end of a sentence that begins with how many: "tensors that are no part of a LoRA".</param>
/// <param name="Names">The layers or tensors that it is about.</param>
public sealed record LoraProblem(string What, IReadOnlyList<string> Names)
{
    /// <summary>What is said of layers that hold NaN or infinity.</summary>
    internal const string NotFinite = "layers with numbers that are not finite (NaN or infinite), which are left out";

    /// <summary>What it comes from, which decides what to advise.</summary>
    public LoraCause Cause { get; init; } = LoraCause.Damage;

    /// <summary>One clause: "2 layers that this base does not have: lora_unet_a, lora_unet_b".</summary>
    public override string ToString() =>
        $"{Names.Count} {What}: {FirstNames.Of(Names, 3)}";
}

/// <summary>Why something of a LoRA file does not work.</summary>
public enum LoraCause
{
    /// <summary>Weights are missing or do not fit each other.</summary>
    Damage,

    /// <summary>Numbers are NaN or infinite.</summary>
    NotFinite,

    /// <summary>A kind of adapter that is not read here.</summary>
    UnreadKind,

    /// <summary>Names that no layer or tensor of Stable Diffusion 1.x or 2.x has.</summary>
    ForeignNames,

    /// <summary>Layers of another base, or of another shape than this base's.</summary>
    OtherBase,
}
