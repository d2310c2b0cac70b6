using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Bench;

/// <summary>What <c>kit bench step</c> measured.</summary>
/// <param name="StepsPerSecond">From the median step.</param>
/// <param name="MedianMs">Wall time of the median step, in milliseconds.</param>
/// <param name="BestMs">Wall time of the fastest step.</param>
/// <param name="CpuMs">CPU time of a step over all threads; steadier than wall time on a busy machine.</param>
/// <param name="ForwardMs">Wall time of the median forward pass without gradients.</param>
/// <param name="OutsideLibtorch">Share of a step's time that is not spent inside libtorch, 0 to 1.</param>
/// <param name="PeakBytes">The most memory that the process has held.</param>
/// <param name="Threads">Threads that libtorch used.</param>
/// <param name="Adapters">LoRA layers that were trained.</param>
internal sealed record StepBench(
    double StepsPerSecond, double MedianMs, double BestMs, double CpuMs, double ForwardMs, double OutsideLibtorch, long PeakBytes, int Threads, int Adapters)
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
        using var optimizer = optim.AdamW(network.Parameters, 1e-4, weight_decay: 0.01);

        using var random = new Generator(1);
        var latents = randn([batch, 4, 16, 16], generator: random);
        var noise = randn([batch, 4, 16, 16], generator: random);
        var context = randn([batch, 77, unet.Config.CrossAttentionDim], generator: random);
        var timesteps = full([batch], 500, ScalarType.Int64);

        var forward = Measure(steps, () =>
        {
            using var inner = NewDisposeScope();
            using var grad = no_grad();
            unet.call(latents, timesteps, context);
        });
        var step = Measure(steps, () =>
        {
            using var inner = NewDisposeScope();
            var loss = nn.functional.mse_loss(unet.call(latents, timesteps, context), noise);
            loss.backward();
            optimizer.step();
            optimizer.zero_grad();
            _ = loss.item<float>();
        });
        return new StepBench(
            1000 / step.MedianMs, step.MedianMs, step.BestMs, step.CpuMs, forward.MedianMs, step.Outside, TensorMemory.PeakResidentBytes, get_num_threads(), network.Layers.Count());
    }

    /// <summary>The figures as a few lines of text.</summary>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"""
        {StepsPerSecond:0.00} steps/s: median {MedianMs:0.0} ms, best {BestMs:0.0} ms, {CpuMs:0.0} ms of CPU ({Threads} threads, {Adapters} adapters)
        forward alone {ForwardMs:0.0} ms
        {OutsideLibtorch:0.0%} of a step is spent outside libtorch
        {PeakBytes / 1e6:0} MB of memory at most
        """);

    private static (double MedianMs, double BestMs, double CpuMs, double Outside) Measure(int count, Action work)
    {
        for (var i = 0; i < Warmup; i++)
            work();
        using var process = Process.GetCurrentProcess();
        var times = new List<double>();
        var cpu = process.TotalProcessorTime;
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        process.Refresh();
        var outside = 0.0;
        times.Sort();
        return (times[count / 2], times[0], (process.TotalProcessorTime - cpu).TotalMilliseconds / count, outside);
    }

    private static UNet2DConditionModel LoadUNet(string folder)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        var config = manifest.RootElement.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == "sd15_tiny").GetProperty("config");
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
