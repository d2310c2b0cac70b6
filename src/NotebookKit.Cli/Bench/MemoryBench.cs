using NotebookKit.Models;
using NotebookKit.Torch;
using NotebookKit.Training;
using NotebookKit.Training.Memory;

namespace NotebookKit.Cli.Bench;

/// <summary>A forecast beside what the trainer really held: the most bytes of tensors, from loading the base to saving the result.</summary>
/// <param name="Method">What was trained.</param>
/// <param name="Forecast">The forecast peak, in bytes.</param>
/// <param name="Measured">The measured peak of the same: what libtorch's allocator counted.</param>
/// <param name="ProcessBytes">The most RAM that the process held meanwhile, so far as the kernel tells.</param>
internal sealed record MemoryBench(string Method, long Forecast, long Measured, long ProcessBytes)
{
    /// <summary>How far the forecast is off, as a share of what was measured.</summary>
    public double Error => (Forecast - Measured) / (double)Measured;

    /// <summary>Trains two epochs on a folder's pictures, without class images and samples, and compares.</summary>
    /// <param name="folder">The base's folder, or <c>sd15</c> for random weights of that shape.</param>
    /// <param name="plan">The settings.</param>
    /// <param name="pictures">A folder with pictures.</param>
    public static MemoryBench Run(string folder, MemoryPlan plan, string pictures)
    {
        var count = Images.ImageFolder.List(pictures).Count;
        var shape = ModelShape.Of(folder);
        var forecast = MemoryForecast.Of(shape, plan with { Pictures = count });
        var target = Directory.CreateTempSubdirectory("kit-bench-");
        try
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var before = TorchExtras.TensorBytes()!.Value.Now;
            TorchExtras.ResetPeakMemory();
            using var sd = folder == ModelShape.Sd15Name ? shape.Create(plan.DType) : StableDiffusion.Load(folder, dtype: plan.DType);
            new DreamBoothTrainer(sd, Options(plan, pictures, target.FullName)).Train();
            return new(Verbs.Choices.Name(plan.Method), forecast.Bytes.Total, TorchExtras.TensorBytes()!.Value.Peak - before, MemoryUse.ProcessPeakBytes());
        }
        finally
        {
            target.Delete(recursive: true);
        }
    }

    private static TrainOptions Options(MemoryPlan plan, string pictures, string target) => new()
    {
        InstanceDir = pictures,
        InstancePrompt = "a photo of zwx rabbit toy",
        InstanceToken = "zwx",
        ClassToken = "rabbit toy",
        Method = plan.Method,
        Rank = plan.Rank,
        Targets = plan.Targets,
        Size = plan.Size,
        BatchSize = plan.Batch,
        GradientAccumulation = plan.Accumulation,
        Optimizer = plan.Optimizer,
        GradientCheckpointing = plan.Checkpointing,
        TrainTextEncoder = plan.TextEncoder,
        Epochs = 2,
        Output = Path.Combine(target, plan.Method is TrainMethod.DreamBooth or TrainMethod.Imagic ? "model" : "result.safetensors"),
    };
}
