using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Memory;
using static TorchSharp.torch;

namespace NotebookKit.Sweeps;

/// <summary>What the points of a sweep need: memory as <c>kit forecast</c> counts it, and how long they will take at most.</summary>
/// <param name="Memory">What the largest holds.</param>
/// <param name="Seconds">What the longest takes on a slow machine; not an estimate but a bound to ask a cluster for.</param>
/// <param name="Largest">The point that needs the most memory.</param>
internal sealed record SweepForecast(MemoryForecast Memory, double Seconds, SweepPoint Largest)
{
    // Stable Diffusion 1.5's UNet at 64×64 latents: multiplications with additions, and parameters.
    private const double Sd15Macs = 0.4e12, Sd15Parameters = 860e6, Sd15Latents = 64 * 64;

    // What a slow core, or a slow GPU, does in a second, calls of small tensors included.
    private const double MacsOfCore = 2e9, MacsOfGpu = 1e12, SecondsOfCalls = 0.15;

    // Settings that change no tensor's size.
    private static readonly HashSet<string> Sizeless = ["seed", "learning_rate", "text_learning_rate", "alpha", "conv_alpha", "lora_init",
        "noise_offset", "snr_gamma", "warmup", "schedule", "lora_dropout", "caption_dropout", "max_grad_norm", "lora_plus_ratio"];

    /// <summary>Looks at every point that differs in size.</summary>
    /// <param name="spec">The sweep.</param>
    /// <param name="numbers">The points that are left.</param>
    /// <param name="device">Where they compute.</param>
    /// <param name="available">Bytes that there are; null where nobody knows.</param>
    public static SweepForecast Of(SweepSpec spec, IEnumerable<int> numbers, Device device, long? available)
    {
        var shape = ModelShape.Of(spec.Base);
        var onGpu = device.type == TorchSharp.DeviceType.CUDA;
        var dtype = Precision.Choose(spec.DType ?? Precision.Auto, shape.UNet, device).Type;
        var known = new HashSet<string>();
        SweepForecast? most = null;
        double seconds = 0;
        foreach (var point in numbers.Select(spec.PointAt))
        {
            if (!known.Add(string.Join('|', point.Values.Where(value => !Sizeless.Contains(value.Setting.Name)).Select(value =>
                value.Text))))
                continue;
            var options = spec.SettingsOf(point);
            var forecast = MemoryForecast.Of(shape, MemoryPlan.Of(options, dtype, onGpu), available);
            seconds = Math.Max(seconds, SecondsOf(spec, forecast.Plan, shape));
            if (most is null || forecast.Needed > most.Memory.Needed)
                most = new(forecast, 0, point);
        }

        return most! with { Seconds = seconds };
    }

    private static double SecondsOf(SweepSpec spec, MemoryPlan plan, ModelShape shape)
    {
        var options = plan.Options;
        var pictures = options.Concepts.Sum(concept => TrainingPicture.Read(concept).Count * (double)(concept.Repeats ?? 1));
        var latent = (double)(options.Images.Size ?? shape.SampleSize) / shape.Vae.Factor;
        var forward = Sd15Macs * new CountedParameters(shape, plan).UNet / Sd15Parameters * latent * latent / Sd15Latents
            / (plan.OnGpu ? MacsOfGpu : MacsOfCore * spec.Threads);
        var shown = pictures * (options.Intervals.Epochs ?? 100) * (plan.WithClass ? 2 : 1) * (options.Method == TrainMethod.Imagic ? 2
            : 1);
        var drawn = plan.Painted + (spec.Measure is { } measure ? measure.Pictures * ((measure.Asked?.Count ?? 4) + 3) : 0);
        // A backward costs about two forwards; guidance draws with two.
        return (shown * ((3 * forward) + SecondsOfCalls)) + (drawn * options.Samples.Steps * ((2 * forward) + (SecondsOfCalls / 10)));
    }
}
