using NotebookKit.Training;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Display;

/// <summary>
/// Stable Diffusion 1.5 at 512×512 beside the usual advice: at least 10 GB of video memory for DreamBooth, 8 GB for LoRA
/// Extended, 6 GB for LoRA.
/// </summary>
public static class ArticleClaims
{
    /// <summary>One row for each method: what it takes plainly, and with every saving, in float32 and with the base in half
    /// precision.</summary>
    public static DisplayTable Table() => new(
        ["method", "usual advice", "float32, plainly", "float32, every saving", "bf16, every saving"],
        Rows().Select(row => (IReadOnlyList<object?>)[row.Name, row.Claim, Cell(row.Plan), Cell(Saving(row.Plan)),
            Cell(Saving(row.Plan) with { DType = ScalarType.BFloat16 })]))
    {
        Caption = "Stable Diffusion 1.5, 512×512, one picture at a time: what tensors hold on the GPU at most (the CUDA context takes 0.5 "
            + "to 1 GB more). Savings: fused attention, gradient checkpointing, 8-bit AdamW, VAE and frozen text encoder put aside.",
    };

    private static MemoryPlan Saving(MemoryPlan plan) => plan with
    {
        FusedAttention = true,
        Options = plan.Options with
        {
            Memory = new() { GradientCheckpointing = true, FreeEncoders = true },
            Learning = plan.Options.Learning with { Optimizer = OptimizerKind.AdamW8bit },
        },
    };

    private static IEnumerable<(string Name, string Claim, MemoryPlan Plan)> Rows()
    {
        var plain = new TrainOptions { Images = new() { Size = 512 } };
        yield return ("DreamBooth", "10 GB", Of(plain with { Method = TrainMethod.DreamBooth }));
        yield return ("DreamBooth, text encoder too", "10 GB", Of(plain with { Method = TrainMethod.DreamBooth, TrainTextEncoder = true }));
        yield return ("LoRA Extended, rank 32", "8 GB", Of(plain with { Method = TrainMethod.LoraExtended, Lora = new() { Rank = 32 } }));
        yield return ("LoRA, rank 4", "6 GB", Of(plain with { Lora = new() { Rank = 4 } }));
        yield return ("textual inversion", "", Of(plain with { Method = TrainMethod.TextualInversion }));
        yield return ("Imagic", "", Of(plain with { Method = TrainMethod.Imagic }));

        static MemoryPlan Of(TrainOptions options) => new() { Options = options, OnGpu = true, FusedAttention = false };
    }

    private static string Cell(MemoryPlan plan) => MemoryForecast.Size(MemoryCount.Of(ModelShape.Sd15, plan).Total);
}
