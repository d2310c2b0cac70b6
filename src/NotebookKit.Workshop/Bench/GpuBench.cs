using System.Diagnostics;
using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>Training steps of one method at one batch size, on random latents and text states.</summary>
/// <param name="Method">What is trained.</param>
/// <param name="Batch">Pictures in a step.</param>
/// <param name="Checkpointing">Whether blocks keep only their inputs for backward.</param>
/// <param name="Optimizer">How gradients become steps.</param>
/// <param name="PicturesPerSecond">Pictures per second of wall time; null where the memory did not suffice.</param>
/// <param name="PeakBytes">The most that tensors held meanwhile, the model included.</param>
/// <param name="DeviceBytes">What the driver says was taken of the device afterwards, by anyone; null on a CPU.</param>
/// <param name="HostShare">Share of the time until the host had handed out all work of a step: near 1, the device waits for the
/// host.</param>
/// <param name="ArithmeticShare">The arithmetic that the step needs, over what the device multiplies in large matrices in the same
/// time.</param>
internal sealed record GpuTraining(
    string Method, int Batch, bool Checkpointing, string Optimizer, double? PicturesPerSecond, long? PeakBytes, long? DeviceBytes,
    double? HostShare, double? ArithmeticShare);

/// <summary>Denoising steps while sampling.</summary>
/// <param name="Batch">Latents in a forward; with guidance two for each picture.</param>
/// <param name="StepsPerSecond">UNet forwards per second.</param>
/// <param name="PeakBytes">The most that tensors held meanwhile.</param>
/// <param name="ArithmeticShare">As for training.</param>
internal sealed record GpuSampling(int Batch, double StepsPerSecond, long? PeakBytes, double ArithmeticShare);

/// <summary>What <c>kit bench gpu</c> measured.</summary>
/// <param name="Machine">The device, driver, libtorch and kit.</param>
/// <param name="Base">The model.</param>
/// <param name="Size">Height and width of the pictures in pixels.</param>
/// <param name="Dtype">The weights' type.</param>
/// <param name="MatrixTeraflops">What the device multiplies in large square matrices of that type: the arithmetic floor's unit.</param>
/// <param name="ForwardGigaflops">The arithmetic of one picture's UNet forward.</param>
/// <param name="Training">A row for each method and batch size.</param>
/// <param name="Sampling">A row for each number of pictures.</param>
/// <param name="Seconds">How long it all took.</param>
internal sealed record GpuBench(
    GpuMachine Machine, string Base, int Size, string Dtype, double MatrixTeraflops, double ForwardGigaflops,
    IReadOnlyList<GpuTraining> Training, IReadOnlyList<GpuSampling> Sampling, double Seconds)
{
    private const int Rank = 8;
    private const int TextLength = 77;

    /// <summary>Measures.</summary>
    /// <param name="sd">The model, on the device.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="size">Height and width of the pictures in pixels.</param>
    /// <param name="batches">The batch sizes.</param>
    /// <param name="seconds">How long each row is measured.</param>
    /// <param name="told">Hears what is being done.</param>
    /// <param name="cancel">Stops between two rows; what was measured is returned.</param>
    public static GpuBench Run(StableDiffusion sd, string name, int size, IReadOnlyList<int> batches, double seconds, Action<string> told,
        CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var dtype = sd.UNet.parameters().First().dtype;
        var side = size / sd.Vae.Config.Factor;
        var work = ForwardWork.Of(sd.UNet.Config, side);
        var rate = MatrixRate(sd.Device, dtype, seconds);
        var training = new List<GpuTraining>();
        var sampling = new List<GpuSampling>();
        foreach (var batch in batches.TakeWhile(_ => !cancel.IsCancellationRequested))
        {
            sampling.Add(Sample(sd, side, 2 * batch, work, rate, seconds));
            told($"sampling, {batch} with guidance: {sampling[^1].StepsPerSecond:0.0} steps/s");
        }

        // The whole model last: it leaves the weights changed.
        foreach (var method in new[] { TrainMethod.Lora, TrainMethod.LoraExtended, TrainMethod.DreamBooth })
        {
            foreach (var (batch, checkpointing) in batches.Select(batch => (batch, false)).Prepend((batches[0], true))
                .TakeWhile(_ => !cancel.IsCancellationRequested))
            {
                training.Add(Train(sd, side, method, batch, checkpointing, work, rate, seconds));
                told($"{training[^1].Method}, batch {batch}{(checkpointing ? ", checkpointing" : "")}: "
                    + $"{(training[^1].PicturesPerSecond is { } pace ? $"{pace:0.0} pictures/s" : "out of memory")}");
            }
        }

        return new GpuBench(GpuMachine.Of(sd.Device), name, size, dtype.ToString().ToLowerInvariant(), rate / 1e12, work.Forward / 1e9,
            training, sampling, clock.Elapsed.TotalSeconds);
    }

    private static GpuTraining Train(StableDiffusion sd, int side, TrainMethod method, int batch, bool checkpointing, ForwardWork work,
        double rate, double seconds)
    {
        var options = new TrainOptions
        {
            Concepts = [new() { InstanceDir = "", InstancePrompt = "a photo of zwx toy" }],
            Method = method,
            Lora = new() { Rank = Rank },
            Intervals = new() { BatchSize = batch },
            Memory = new() { GradientCheckpointing = checkpointing },
            Learning = new() { Optimizer = checkpointing ? OptimizerKind.AdamW8bit : OptimizerKind.AdamW },
        }.ForBase(sd);
        var row = new GpuTraining(Choices.Name(method), batch, checkpointing, Choices.Name(options.Learning.Optimizer), null, null, null,
            null, null);
        Settle(sd.Device);
        using var scope = NewDisposeScope();
        try
        {
            using var weights = TrainedWeights.Create(sd, options);
            using var optimizer = weights.Optimizer();
            using var step = new TrainStep(sd.UNet, sd.SchedulerConfig, optimizer,
                new LrSchedule("constant", options.MainLearningRate, 0, int.MaxValue), options);
            weights.BeginEpoch(0);
            sd.UNet.GradientCheckpointing = checkpointing;
            var data = Batch(sd, side, batch);
            var (pace, host) = Measure(sd.Device, seconds, () =>
            {
                step.Accumulate(data);
                step.Update(1);
            });
            var arithmetic = (method == TrainMethod.DreamBooth ? work.FullStep : work.LoraStep) + (checkpointing ? work.Forward : 0);
            return row with
            {
                PicturesPerSecond = pace * batch,
                PeakBytes = MemoryUse.PeakBytes(sd.Device),
                DeviceBytes = GpuMachine.TakenBytes(sd.Device),
                HostShare = host,
                ArithmeticShare = arithmetic * pace * batch / rate,
            };
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            return row;
        }
        finally
        {
            sd.UNet.GradientCheckpointing = false;
        }
    }

    private static GpuSampling Sample(StableDiffusion sd, int side, int batch, ForwardWork work, double rate, double seconds)
    {
        Settle(sd.Device);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var dtype = sd.UNet.parameters().First().dtype;
        var data = Batch(sd, side, batch);
        var (latents, context, time) = (data.Latents.to(dtype), data.Context.to(dtype), data.Timesteps.to(ScalarType.Float32));
        var (pace, _) = Measure(sd.Device, seconds, () => sd.UNet.call(latents, time, context).Dispose());
        return new GpuSampling(batch, pace, MemoryUse.PeakBytes(sd.Device), work.Forward * pace * batch / rate);
    }

    // Steps per second, and the share of the time in which the host was busy handing them out.
    private static (double Pace, double HostShare) Measure(Device device, double seconds, Action step)
    {
        for (var i = 0; i < 3; i++) // libraries choose their kernels
            Once();
        Wait(device);
        var clock = Stopwatch.StartNew();
        var steps = 0;
        for (; steps == 0 || clock.Elapsed.TotalSeconds < seconds; steps++)
            Once();
        var host = clock.Elapsed.TotalSeconds;
        Wait(device);
        var total = clock.Elapsed.TotalSeconds;
        return (steps / total, host / total);

        void Once()
        {
            using var scope = NewDisposeScope();
            step();
        }
    }

    private static void Wait(Device device)
    {
        if (device.type == DeviceType.CUDA)
            cuda.synchronize(device);
    }

    private static TrainBatch Batch(StableDiffusion sd, int side, int count)
    {
        using var random = new Generator(7, CPU);
        Tensor Random(params long[] shape) => randn(shape, generator: random).to(sd.Device);
        return new TrainBatch(
            Random(count, sd.UNet.Config.InChannels, side, side), Random(count, sd.UNet.Config.InChannels, side, side),
            randint(0, sd.SchedulerConfig.NumTrainTimesteps, [count], ScalarType.Int64, generator: random).to(sd.Device),
            Random(count, TextLength, sd.UNet.Config.CrossAttentionDim), count);
    }

    // Floating-point operations per second in products of large square matrices.
    private static double MatrixRate(Device device, ScalarType dtype, double seconds)
    {
        using var scope = NewDisposeScope();
        var side = device.type == DeviceType.CUDA ? 8192.0 : 1024;
        var (a, b) = (ones([(long)side, (long)side], dtype, device), ones([(long)side, (long)side], dtype, device));
        // The fastest of a few: other work can only slow it down.
        return Enumerable.Range(0, 5).Max(_ => Measure(device, seconds / 5, () => a.mm(b).Dispose()).Pace) * 2 * side * side * side;
    }

    private static void Settle(Device device)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TensorMemory.ResetPeak();
    }
}
