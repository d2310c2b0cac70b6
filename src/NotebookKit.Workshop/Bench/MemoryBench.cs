using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>A forecast beside what the trainer really held: the most bytes of tensors, from loading the base to saving the
/// result.</summary>
/// <param name="Method">What was trained.</param>
/// <param name="Forecast">The forecast peak, in bytes.</param>
/// <param name="Measured">The measured peak of the same: what libtorch's allocator counted.</param>
/// <param name="ProcessBytes">The most RAM that the process held meanwhile, so far as the kernel tells.</param>
internal sealed record MemoryBench(string Method, long Forecast, long Measured, long ProcessBytes)
{
    /// <summary>How far the forecast is off, as a share of what was measured.</summary>
    public double Error => (Forecast - Measured) / (double)Measured;

    /// <summary>Trains two epochs on a folder's pictures, and compares.</summary>
    /// <param name="folder">The base's folder, or <c>sd15</c> for random weights of that shape.</param>
    /// <param name="plan">The settings.</param>
    /// <param name="pictures">A folder with pictures.</param>
    /// <param name="device">Where to train.</param>
    public static MemoryBench Run(string folder, MemoryPlan plan, string pictures, Device device)
    {
        var shape = ModelShape.Of(folder);
        var target = Directory.CreateTempSubdirectory("kit-bench-");
        try
        {
            var options = Options(plan, pictures, target.FullName);
            // As kit train forecasts it: what the options say, and no more.
            var forecast = MemoryForecast.Of(shape,
                MemoryPlan.Of(options, plan.DType, device.type == TorchSharp.DeviceType.CUDA)).Bytes.Total;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            TensorMemory.ResetPeak();
            var held = new Held(device);
            using var sd = folder == ModelShape.Sd15Name ? RandomModel.Of(shape, device, plan.DType)
                : StableDiffusion.Load(folder, device, plan.DType);
            new DreamBoothTrainer(sd, options).Train();
            return new(Choices.Name(plan.Options.Method), forecast, held.Peak, TensorMemory.PeakResidentBytes);
        }
        finally
        {
            target.Delete(recursive: true);
        }
    }

    // What tensors hold beyond what there was: counted by an allocator where that can be, else what the GPU has given out or
    // the process has taken.
    private sealed class Held
    {
        private readonly Device _device;
        private readonly CountingAllocator? _counter;
        private readonly long _before;

        public Held(Device device)
        {
            _device = device;
            _counter = device.type == TorchSharp.DeviceType.CPU && CountingAllocator.IsSupported ? CountingAllocator.OfCpu : null;
            _counter?.ResetPeak();
            _before = _counter?.Now ?? MemoryUse.PeakBytes(device);
        }

        public long Peak => (_counter?.Peak ?? MemoryUse.PeakBytes(_device)) - _before;
    }

    private static TrainOptions Options(MemoryPlan plan, string pictures, string target) => plan.Options with
    {
        Concepts =
        [
            plan.Options.Concepts[0] with
            {
                InstanceDir = pictures,
                InstancePrompt = "a photo of zwx rabbit toy",
                ClassPrompt = plan.WithClass ? "a photo of a rabbit toy" : null,
                ClassImages = 4,
                ClassSteps = 2,
                InstanceToken = "zwx",
                ClassToken = "rabbit toy",
            },
        ],
        Samples = plan.Options.Samples with { Steps = 2, Every = plan.Options.Samples.Every > 0 ? 2 : 0 },
        Intervals = plan.Options.Intervals with { Epochs = 2 },
        Saving = new() { Output = Path.Combine(target, plan.Options.WritesModel ? "model" : "result.safetensors") },
    };
}
