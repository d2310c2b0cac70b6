using System.Diagnostics;
using System.Globalization;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Tensors;
using NotebookKit.Training;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>Loading a UNet of Stable Diffusion 1.5's size from a float16 file: seconds, memory, and what is read from the disk.</summary>
/// <param name="FileBytes">The file: 1.7 GB.</param>
/// <param name="WeightBytes">The weights in the type asked for.</param>
/// <param name="Seconds">Time to load.</param>
/// <param name="ReadBytes">Bytes that the kernel fetched from the disk meanwhile; 0 where the file was still in its cache.</param>
/// <param name="PeakBytes">The most memory that the process held over what it held before, the file's mapped pages included.</param>
internal sealed record LoadBench(long FileBytes, long WeightBytes, double Seconds, long ReadBytes, long PeakBytes)
{
    /// <summary>The peak as a multiple of the weights.</summary>
    public double PeakOverWeights => (double)PeakBytes / WeightBytes;

    /// <summary>Makes the file, lets the kernel forget it, and loads it.</summary>
    /// <param name="dtype">The type asked for.</param>
    public static LoadBench Run(ScalarType dtype)
    {
        var folder = Directory.CreateTempSubdirectory("kit-bench-").FullName;
        try
        {
            var path = Path.Combine(folder, WeightFolder.DiffusersName);
            var config = new UNet2DConditionConfig { CrossAttentionDim = 768 };
            config.Save(Path.Combine(folder, "config.json"));
            Write(config, path);
            FileCache.Forget(path);
            return Load(folder, path, dtype);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The result in words.</summary>
    public string ToText() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Seconds:0.0} s for {FileBytes / 1e9:0.00} GB; {ReadBytes / 1e9:0.00} GB read from the disk; {PeakBytes / 1e9:0.00} GB at most, "
            + $"{PeakOverWeights:0.000} times the weights' {WeightBytes / 1e9:0.00} GB");

    private static LoadBench Load(string folder, string path, ScalarType dtype)
    {
        GC.Collect();
        var (before, read, clock) = (ProcessFigures.ResidentBytes, ProcessFigures.DiskReadBytes, Stopwatch.StartNew());
        ProcessFigures.ForgetPeak();
        using var unet = UNet2DConditionModel.FromPretrained(folder, dtype);
        var seconds = clock.Elapsed.TotalSeconds;
        var weights = unet.parameters().Sum(parameter => parameter.NumberOfElements * parameter.element_size());
        return new LoadBench(new FileInfo(path).Length, weights, seconds, ProcessFigures.DiskReadBytes - read,
            MemoryUse.PeakBytes(CPU) - before);
    }

    // Names and shapes of the real network, random numbers; one tensor at a time, so that this leaves no trace in the figures.
    private static void Write(UNet2DConditionConfig config, string path)
    {
        using var skip = Layers.Uninitialised();
        using var unet = new UNet2DConditionModel(config);
        Safetensors.Save(path, unet.state_dict().Select(pair => new TensorToSave(pair.Key, pair.Value, ScalarType.Float16)), null);
    }
}
