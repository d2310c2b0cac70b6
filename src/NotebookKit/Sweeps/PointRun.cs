using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Sweeps;

/// <summary>
/// Trains one point in this process, and measures it. A point that was begun goes on from its newest checkpoint; one that is
/// done stays as it is; one that another process trains is waited for.
/// </summary>
/// <param name="folder">The point's folder.</param>
/// <param name="device">Where it computes.</param>
internal sealed class PointRun(PointFolder folder, Device device)
{
    // Killed so often at the same step, it will be killed there again: mostly for its memory.
    private const int MostVain = 3;

    private SweepSpec Spec => folder.Sweep.Spec;

    /// <summary>Does what is left to do.</summary>
    /// <param name="progress">Told the training's events.</param>
    /// <param name="tell">Told what else there is to say.</param>
    /// <param name="cancel">Stops after the current step; a checkpoint is kept.</param>
    /// <returns>How it ended.</returns>
    public PointEnd Run(IProgress<TrainEvent> progress, Action<string> tell, CancellationToken cancel)
    {
        try
        {
            using var held = PointLock.Wait(folder.LockFile,
                () => tell($"point {folder.Point.Number} is being trained by another process, which is waited for"), cancel);
            if (folder.IsDone)
                return PointEnd.Done;
            folder.Failed(null);
            if (Spec.Dry)
            {
                folder.Done(new PointResult(0, null, 0, 0) { Dry = true });
                return PointEnd.Done;
            }

            Begin();
            return Train(progress, cancel);
        }
        catch (OperationCanceledException)
        {
            return PointEnd.Stopped;
        }
        catch (Exception e)
        {
            var why = e is BadInputException ? e.Message : Tensors.TorchErrors.Sentence(e).ReplaceLineEndings(" ");
            folder.Failed(why);
            tell(why);
            return PointEnd.Failed;
        }
    }

    private PointEnd Train(IProgress<TrainEvent> progress, CancellationToken cancel)
    {
        var options = folder.Options;
        var dtype = Precision.Choose(Spec.DType ?? Precision.Auto, ModelShape.Of(Spec.Base).UNet, device).Type;
        using var sd = StableDiffusion.Load(Spec.Base, device, dtype);
        var epochs = options.ForBase(sd).EpochsInAll;
        options = options with
        {
            Saving = options.Saving with
            {
                // A kill may come at any time, and takes no more than a tenth of the work with it.
                Every = options.Saving.Every > 0 ? options.Saving.Every : Math.Max(1, epochs / 10),
                KeepLast = options.Saving.Every > 0 ? options.Saving.KeepLast : 1,
                Resume = RunStates.In(folder.Place.Checkpoints).Count > 0,
            },
        };
        var trainer = new DreamBoothTrainer(sd, options);
        Paint(trainer.Options, sd, cancel);
        var result = trainer.Train(progress, cancel);
        End(result.Seconds);
        if (result.Stopped)
            return PointEnd.Stopped;
        var peak = result.PeakBytes;
        var scores = Measure(options, sd, result.Output, cancel);
        folder.Done(new PointResult(result.History.Count, LossOf(result.History), Math.Round(Seconds(), 2), peak)
        {
            Sum = SumOf(result.Output),
            Scores = scores,
        });
        return PointEnd.Done;
    }

    // Points that need the same class images do not paint them twice.
    private void Paint(TrainOptions options, StableDiffusion sd, CancellationToken cancel)
    {
        var plan = ClassImages.Plan(options, sd);
        if (plan.Have >= plan.Need)
            return;
        using var held = PointLock.Wait(Path.Combine(folder.Sweep.Root, "class-images.lock"), () => { }, cancel);
        ClassImages.Plan(options, sd).Paint(sd, null, cancel);
    }

    private ScoreRow? Measure(TrainOptions options, StableDiffusion sd, string output, CancellationToken cancel)
    {
        if (Spec.Measure is not { } measure || options.Method == TrainMethod.Imagic)
            return null;
        using var judge = measure.Judge();
        var board = measure.BoardFor(options, judge);
        using var trained = options.Method == TrainMethod.DreamBooth ? StableDiffusion.Load(output, device) : null;
        using IDisposable? attached = options.Method switch
        {
            TrainMethod.Lora or TrainMethod.LoraExtended => LoraNetwork.Load(output, sd),
            TrainMethod.TextualInversion => TokenEmbedding.Load(output, sd),
            _ => null,
        };
        var row = board.Measure(folder.Point.ToString(), trained ?? sd, cancel);
        var each = measure.Pictures;
        ImageGrid.Rows(row.Pictures.Chunk(each).Select((pictures, i) => (board.Prompts.Filled[i], (IReadOnlyList<RgbImage>)pictures))
            .Concat(new[] { row.Protected, row.Neighbour, row.Stranger }.Select(word => (word.Word, word.Pictures))), cell: 64)
            .SavePng(folder.Pictures);
        return row;
    }

    private static double? LossOf(IReadOnlyList<StepRecord> history) => history.Count == 0 ? null
        : history.Skip(history.Count - Math.Max(1, history.Count / 10)).Average(step => step.InstanceLoss);

    // Of tensors alone: notes name folders and times.
    private static string? SumOf(string output)
    {
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files = Directory.Exists(output)
            ? [.. Directory.GetFiles(output, "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [output];
        if (files.Any(file => !file.EndsWith(".safetensors", StringComparison.Ordinal)))
            return null;
        foreach (var (name, tensor) in files.SelectMany(file => Safetensors.Load(file).OrderBy(pair => pair.Key, StringComparer.Ordinal)))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(tensor.contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    // Each attempt is written down with the step that it begins at, and when it ends by itself with its seconds.
    private void Begin()
    {
        var step = RunStates.In(folder.Place.Checkpoints) is { Count: > 0 } states ? RunStates.StepOf(states[^1]) : 0;
        var before = Lines();
        var vain = before.AsEnumerable().Reverse().TakeWhile(line => line["seconds"] is null && (long?)line["step"] == step).Count();
        if (vain >= MostVain)
        {
            File.Delete(folder.Attempts); // asked again, it may try again
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"It was killed {vain} times without coming "
                + $"further than step {step}, mostly a sign of too little memory; see {folder.Said}."));
        }

        Append(new JsonObject
        {
            ["step"] = step,
            ["machine"] = Environment.MachineName,
            ["process"] = Environment.ProcessId,
            ["job"] = Environment.GetEnvironmentVariable("SLURM_JOB_ID"),
        });
    }

    private void End(double seconds) => Append(new JsonObject { ["seconds"] = seconds });

    private double Seconds() => Lines().Sum(line => (double?)line["seconds"] ?? 0);

    private void Append(JsonObject line) => File.AppendAllText(folder.Attempts, line.ToJsonString(TrainLog.Json) + "\n");

    private List<JsonNode> Lines()
    {
        var lines = new List<JsonNode>();
        foreach (var line in File.Exists(folder.Attempts) ? File.ReadAllLines(folder.Attempts) : [])
        {
            try
            {
                lines.Add(JsonNode.Parse(line)!);
            }
            catch (JsonException)
            {
                // Cut off by a kill.
            }
        }

        return lines;
    }
}

/// <summary>How a point's process ended.</summary>
internal enum PointEnd
{
    /// <summary>It is done.</summary>
    Done = 0,

    /// <summary>It failed, and says why.</summary>
    Failed = 1,

    /// <summary>It was told to stop, and can go on.</summary>
    Stopped = 75,
}
