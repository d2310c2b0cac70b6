using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Tensors;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>What <c>kit bench step</c> measured; times are medians in milliseconds.</summary>
/// <param name="StepsPerSecond">From the median step.</param>
/// <param name="MedianMs">Wall time of a step.</param>
/// <param name="BestMs">Wall time of the fastest step.</param>
/// <param name="CpuMs">CPU time of a step over all threads; steadier than wall time on a busy machine.</param>
/// <param name="ForwardMs">Of it, the forward pass and the loss.</param>
/// <param name="BackwardMs">Of it, backward.</param>
/// <param name="ClipMs">Of it, the gradient's length.</param>
/// <param name="OptimizerMs">Of it, AdamW and forgetting the gradients.</param>
/// <param name="SampleMs">A forward pass without gradients, beside.</param>
/// <param name="PeakBytes">The most memory that the process has held.</param>
/// <param name="Threads">Threads that libtorch used.</param>
/// <param name="Adapters">LoRA layers that were trained.</param>
internal sealed record StepBench(
    double StepsPerSecond, double MedianMs, double BestMs, double CpuMs, double ForwardMs, double BackwardMs, double ClipMs,
    double OptimizerMs, double SampleMs,
    long PeakBytes, int Threads, int Adapters)
{
    private const int Warmup = 5;

    /// <summary>
    /// Trains a LoRA on every transformer layer of the reference UNet (SD 1.5's topology, 16 to 32 channels wide): batch ×
    /// 4×16×16 latents, 77 text states; forward, mean squared error, backward, AdamW.
    /// </summary>
    public static StepBench Run(int steps, int rank, int threads, int batch)
    {
        if (threads > 0)
            set_num_threads(threads);
        var folder = ReferenceUNet();
        using var scope = NewDisposeScope();
        using var unet = LoadUNet(folder);
        foreach (var parameter in unet.parameters())
            parameter.requires_grad_(false);
        using var network = LoraNetwork.Inject(unet, null, new LoraOptions { Rank = rank, Targets = LoraTargets.Kohya });
        using var optimizer = new AdamW([new OptimizerGroup(network.Parameters, 1e-4)]);

        using var random = new Generator(1);
        var latents = randn([batch, 4, 16, 16], generator: random);
        var noise = randn([batch, 4, 16, 16], generator: random);
        var context = randn([batch, 77, unet.Config.CrossAttentionDim], generator: random);
        var timesteps = full([batch], 500, ScalarType.Int64);

        var sample = Measure(steps, 1, mark =>
        {
            using var inner = NewDisposeScope();
            using var grad = no_grad();
            unet.call(latents, timesteps, context);
            mark();
        });
        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        var step = Measure(steps, 4, mark =>
        {
            using var inner = NewDisposeScope();
            var loss = nn.functional.mse_loss(unet.call(latents, timesteps, context), noise);
            mark();
            loss.backward();
            mark();
            var norm = optimizer.GradientNorm();
            mark();
            optimizer.Step(norm > 1 ? 1 / norm : 1);
            optimizer.ZeroGradient();
            _ = loss.item<float>();
            mark();
        });
        process.Refresh();
        return new StepBench(
            1000 / step.Whole, step.Whole, step.Best, (process.TotalProcessorTime - cpu).TotalMilliseconds / (steps + Warmup),
            step.Parts[0], step.Parts[1], step.Parts[2], step.Parts[3], sample.Whole,
            TensorMemory.PeakResidentBytes, get_num_threads(), network.Layers.Count());
    }

    /// <summary>The figures as a few lines of text.</summary>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"""
        {StepsPerSecond:0.00} steps/s: median {MedianMs:0.0} ms, best {BestMs:0.0} ms, {CpuMs:0.0} ms of CPU ({Threads} threads, {Adapters} adapters)
        forward {ForwardMs:0.0} ms, backward {BackwardMs:0.0} ms, clipping {ClipMs:0.00} ms, optimizer {OptimizerMs:0.00} ms
        a forward pass without gradients {SampleMs:0.0} ms
        {PeakBytes / 1e6:0} MB of memory at most
        """);

    // Medians of the whole and of the parts between marks, and the best whole, in milliseconds.
    private static (double Whole, double Best, double[] Parts) Measure(int count, int parts, Action<Action> work)
    {
        var times = new List<double[]>();
        for (var i = 0; i < Warmup + count; i++)
        {
            var marks = new List<long> { Stopwatch.GetTimestamp() };
            work(() => marks.Add(Stopwatch.GetTimestamp()));
            if (i >= Warmup)
                times.Add([.. marks.Zip(marks.Skip(1), (from, to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds)]);
        }

        var wholes = times.Select(time => time.Sum()).Order().ToList();
        return (wholes[count / 2], wholes[0],
            [.. Enumerable.Range(0, parts).Select(part => times.Select(time => time[part]).Order().ElementAt(count / 2))]);
    }

    private static UNet2DConditionModel LoadUNet(string folder)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        var config = manifest.RootElement.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == "sd15_tiny")
            .GetProperty("config");
        var unet = new UNet2DConditionModel(UNet2DConditionConfig.Parse(config.GetRawText()));
        PretrainedWeights.Fill(unet, Path.Combine(folder, "sd15_tiny.weights.safetensors"));
        return unet;
    }

    private static string ReferenceUNet()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var candidate = Path.Combine(folder, "tests", "golden", "unet");
            if (Directory.Exists(candidate))
                return candidate;
        }

        throw new BadInputException("tests/golden/unet is not there; run kit bench from a checkout.");
    }
}
