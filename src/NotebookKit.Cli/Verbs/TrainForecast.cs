using NotebookKit.Training;
using NotebookKit.Training.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary>What <c>kit train</c> says about memory before it loads anything.</summary>
internal static class TrainForecast
{
    /// <summary>Forecasts a run, tells it, and refuses what cannot fit.</summary>
    /// <param name="source">The base: a folder or a file.</param>
    /// <param name="options">The run's options.</param>
    /// <param name="dtype">What the base will compute in.</param>
    /// <param name="device">Where it will run.</param>
    /// <param name="gigabytes">What the run may take, in GB of 1024³ bytes; what the machine has when null.</param>
    /// <param name="force">Go on although it does not fit.</param>
    /// <param name="output">Standard error.</param>
    /// <exception cref="BadInputException">It does not fit, and is not forced.</exception>
    public static MemoryForecast Tell(string source, TrainOptions options, ScalarType dtype, Device device, double? gigabytes, bool force,
        TextWriter output)
    {
        if (gigabytes is { } asked && (!double.IsFinite(asked) || asked <= 0))
            throw new BadInputException($"--memory must be above 0 GB, not {asked}.");
        var memory = gigabytes is { } given ? new MachineMemory((long)(given * (1L << 30)), (long)(given * (1L << 30)))
            : MachineMemory.Of(device);
        var shape = ModelShape.Of(source);
        var forecast = MemoryForecast.Of(shape, MemoryPlan.Of(options, dtype, device.type == DeviceType.CUDA), memory?.Total);
        var needs = $"{MemoryForecast.Size(forecast.Bytes.Total)} for tensors and about {MemoryForecast.Size(forecast.Reserve)} for "
            + $"{(forecast.Plan.OnGpu ? "the CUDA context" : "the process itself")}";
        if (!forecast.Fits && !force)
            throw new BadInputException($"The run needs {needs}, and there {(gigabytes is null ? "are" : "may be")} "
                + $"{MemoryForecast.Size(memory!.Total)}. {string.Join(' ', forecast.Advice)} (--force trains all the same.)");
        output.WriteLine($"forecast: {needs}" + (memory is null ? ""
            : $"; there are {MemoryForecast.Size(memory.Total)}, of which {MemoryForecast.Size(memory.Free)} free"));
        if (!forecast.Fits)
            output.WriteLine("kit: it does not fit, and goes on because of --force");
        else if (memory is not null && forecast.Needed > memory.Free)
            output.WriteLine("kit: so much is not free now, and the system may end the run; end other programs, or: "
                + $"{string.Join(' ', MemoryForecast.Of(shape, forecast.Plan, memory.Free).Advice)}");
        return forecast;
    }
}
