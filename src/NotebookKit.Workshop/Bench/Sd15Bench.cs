using System.Diagnostics;
using System.Globalization;
using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Training.Memory;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>What <c>kit bench sd15</c> measured on a model of Stable Diffusion 1.5's size, with random weights.</summary>
/// <param name="UNetParameters">859,520,964.</param>
/// <param name="VaeParameters">83,653,863.</param>
/// <param name="TextEncoderParameters">123,060,480.</param>
/// <param name="FileBytes">The model's safetensors files, in float16.</param>
/// <param name="Dtype">The type that it was loaded as.</param>
/// <param name="LoadSeconds">From files to a model in memory.</param>
/// <param name="LoadPeakBytes">The most that the process held meanwhile; before it, it held <paramref name="BeforeBytes"/>.</param>
/// <param name="BeforeBytes">What the process held before it loaded.</param>
/// <param name="Size">Height and width of the picture in pixels.</param>
/// <param name="UNetSeconds">Wall time of a UNet forward (1 × 4 × size/8 × size/8, 77 text states): the median.</param>
/// <param name="UNetBestSeconds">The fastest.</param>
/// <param name="UNetCpuSeconds">CPU time of one over all threads; steadier on a busy machine.</param>
/// <param name="UNetPeakBytes">The most that the process held meanwhile.</param>
/// <param name="UNetTensorBytes">The most that tensors held meanwhile, weights included.</param>
/// <param name="VaeDecodeSeconds">Wall time of decoding one picture: the median.</param>
/// <param name="VaeDecodeCpuSeconds">Its CPU time.</param>
/// <param name="VaeDecodePeakBytes">The most that the process held meanwhile.</param>
/// <param name="Runs">How often each was measured, after one to warm up.</param>
/// <param name="Threads">Threads that libtorch used.</param>
internal sealed record Sd15Bench(
    long UNetParameters, long VaeParameters, long TextEncoderParameters, long FileBytes, string Dtype,
    double LoadSeconds, long LoadPeakBytes, long BeforeBytes,
    int Size, double UNetSeconds, double UNetBestSeconds, double UNetCpuSeconds, long UNetPeakBytes, long UNetTensorBytes,
    double VaeDecodeSeconds, double VaeDecodeCpuSeconds, long VaeDecodePeakBytes, int Runs, int Threads)
{
    /// <summary>Makes the model where <paramref name="folder"/> has none, loads it, and runs its UNet and its VAE.</summary>
    /// <param name="folder">Where the model's files are, or are to be kept.</param>
    /// <param name="runs">How often each is measured.</param>
    /// <param name="threads">Threads for libtorch; 0 for every core.</param>
    /// <param name="size">Pixels a side.</param>
    /// <param name="dtype">The type to load as.</param>
    /// <param name="told">Hears what is being done.</param>
    /// <param name="cancel">Stops between two runs.</param>
    public static Sd15Bench Run(string folder, int runs, int threads, int size, ScalarType dtype, Action<string> told,
        CancellationToken cancel)
    {
        if (size < SampleOptions.SizeStep || size % SampleOptions.SizeStep != 0)
            throw new BadInputException($"A size of {size} pixels is not possible: it must be a multiple of {SampleOptions.SizeStep}.");
        if (threads > 0)
            set_num_threads(threads);
        if (!File.Exists(Path.Combine(folder, "model_index.json")))
        {
            told($"making a model of SD 1.5's size in {folder} (2.1 GB) …");
            Make(folder);
        }

        cancel.ThrowIfCancellationRequested();
        told("loading …");
        GC.Collect();
        GC.WaitForPendingFinalizers();
        ResetPeak();
        var before = TensorMemory.ResidentBytes;
        var start = Stopwatch.GetTimestamp();
        using var sd = StableDiffusion.Load(folder, dtype: dtype);
        var load = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var loadPeak = TensorMemory.PeakResidentBytes;

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var random = new Generator(1);
        var latents = randn([1, 4, size / 8, size / 8], generator: random).to(dtype);
        var states = randn([1, 77, sd.UNet.Config.CrossAttentionDim], generator: random).to(dtype);
        var timestep = full([1], 500f);
        var unet = Measure("UNet", runs, told, cancel, () => sd.UNet.call(latents, timestep, states));
        var vae = Measure("VAE decode", runs, told, cancel, () => sd.Vae.Decode(latents));
        return new Sd15Bench(
            Count(sd.UNet), Count(sd.Vae), Count(sd.TextEncoder),
            Directory.GetFiles(folder, "*.safetensors", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length),
            dtype.ToString().ToLowerInvariant(),
            load, loadPeak, before, size, unet.Median, unet.Best, unet.Cpu, unet.PeakBytes, unet.TensorBytes, vae.Median, vae.Cpu,
            vae.PeakBytes, runs, get_num_threads());
    }

    /// <summary>The figures as a few lines of text.</summary>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"""
        {UNetParameters:N0} parameters in the UNet, {VaeParameters:N0} in the VAE, {TextEncoderParameters:N0} in the text encoder; {FileBytes / 1e9:0.00} GB of files
        load as {Dtype}: {LoadSeconds:0.0} s, {LoadPeakBytes / 1e9:0.00} GB at most ({BeforeBytes / 1e9:0.00} GB before)
        UNet forward at {Size}×{Size}: {UNetSeconds:0.0} s (best {UNetBestSeconds:0.0}), {UNetCpuSeconds:0.0} s of CPU, {UNetPeakBytes / 1e9:0.00} GB at most, {UNetTensorBytes / 1e9:0.00} GB of it tensors
        VAE decode at {Size}×{Size}: {VaeDecodeSeconds:0.0} s, {VaeDecodeCpuSeconds:0.0} s of CPU, {VaeDecodePeakBytes / 1e9:0.00} GB at most
        {Runs} runs each, {Threads} threads
        """);

    private static void Make(string folder)
    {
        using var sd = RandomModel.Of(ModelShape.Sd15, CPU, ScalarType.Float32);
        sd.Save(folder, ScalarType.Float16);
    }

    private static (double Median, double Best, double Cpu, long PeakBytes, long TensorBytes) Measure(
        string what, int runs, Action<string> told, CancellationToken cancel, Func<Tensor> work)
    {
        var times = new List<double>();
        using var process = Process.GetCurrentProcess();
        var cpu = 0.0;
        for (var i = 0; i <= runs; i++)
        {
            cancel.ThrowIfCancellationRequested();
            if (i == 1)
                ResetPeak();
            process.Refresh();
            var cpuBefore = process.TotalProcessorTime;
            var start = Stopwatch.GetTimestamp();
            work().Dispose();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            process.Refresh();
            told(string.Create(CultureInfo.InvariantCulture, $"{what} {(i == 0 ? "to warm up" : $"{i} of {runs}")}: {seconds:0.0} s"));
            if (i == 0)
                continue;
            times.Add(seconds);
            cpu += (process.TotalProcessorTime - cpuBefore).TotalSeconds;
        }

        times.Sort();
        return (times[runs / 2], times[0], cpu / runs, TensorMemory.PeakResidentBytes, TensorMemory.PeakResidentBytes);
    }

    private static long Count(nn.Module network) => network.parameters().Sum(parameter => parameter.numel());

    // Linux starts the process's own peak anew when told so; elsewhere it stays the peak since the start.
    private static void ResetPeak()
    {
        TensorMemory.ResetPeak();
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
