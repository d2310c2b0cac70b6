using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Runs;

public sealed class ResumeTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private TrainOptions Options => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a photo of zwx toy", ClassPrompt = "a photo of a toy",
            ClassImages = 4, ClassDir = _folder["class"] }],
        Samples = new() { Steps = 2 },
        Intervals = new() { Epochs = 6 },
        Lora = new() { Rank = 2 },
        Seed = 5,
        Learning = new() { Schedule = "cosine", Warmup = 3 },
        Images = new() { Flip = true },
        Saving = new() { As = ScalarType.Float32 },
    };

    [Theory]
    [InlineData(OptimizerKind.AdamW, TrainMethod.Lora, 7)]
    [InlineData(OptimizerKind.Prodigy, TrainMethod.Lora, 9)]
    [InlineData(OptimizerKind.AdamW8bit, TrainMethod.DreamBooth, 4)]
    [InlineData(OptimizerKind.AdamW, TrainMethod.TextualInversion, 5)]
    [InlineData(OptimizerKind.AdamW, TrainMethod.Imagic, 7)]
    public void A_run_that_was_stopped_goes_on_and_ends_the_same_to_the_bit(OptimizerKind optimizer, TrainMethod method, int stopAt)
    {
        var options = Options with
        {
            Learning = Options.Learning with { Optimizer = optimizer, EmaDecay = 0.99 },
            Method = method,
            TextEncoderRatio = 0.5,
            Concepts = [Options.Concepts[0] with { InstanceToken = "zwx", ClassToken = "toy" }]
        };
        var whole = Train(options with { Saving = options.Saving with { Output = Path("whole", method) } });
        var stopped = Train(options with { Saving = options.Saving with { Output = Path("cut", method) } }, stopAt);
        Assert.True(stopped.Stopped);
        Assert.Equal(stopAt, stopped.History.Count);
        var resumed = Train(options with { Saving = options.Saving with { Output = Path("cut", method), Resume = true } });
        Assert.Equal(whole.History, resumed.History);
        Assert.Equal(Weights(whole.Output), Weights(resumed.Output));
        Assert.Equal(whole.History.Count,
            File.ReadLines(_folder["cut.log.jsonl"]).Count(line => line.Contains("\"event\":\"step\"", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(TrainMethod.DreamBooth)]
    [InlineData(TrainMethod.Lora)]
    public void In_half_precision_too_for_the_float32_copies_are_kept(TrainMethod method)
    {
        var options = Options with { Method = method, Learning = Options.Learning with { MaxGradNorm = 0 } };
        var full = Train(options with { Saving = options.Saving with { Output = Path("full", method) } });
        var whole = Train(options with { Saving = options.Saving with { Output = Path("whole", method) } }, dtype: ScalarType.BFloat16);
        Assert.All(full.History.Zip(whole.History), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 0.05 * pair.First.Loss));
        Train(options with { Saving = options.Saving with { Output = Path("cut", method) } }, stopAt: 5, dtype: ScalarType.BFloat16);
        var resumed = Train(options with { Saving = options.Saving with { Output = Path("cut", method), Resume = true } },
            dtype: ScalarType.BFloat16);
        Assert.Equal(whole.History, resumed.History);
        Assert.Equal(Weights(whole.Output), Weights(resumed.Output));
    }

    [Fact]
    public void Checkpoints_come_every_few_epochs_and_only_the_newest_are_kept()
    {
        Train(Options with { Saving = Options.Saving with { Output = _folder["toy.safetensors"], Every = 1, KeepLast = 2 } });
        Assert.Equal(
            ["epoch-0005-step-000015.safetensors", "epoch-0005-step-000015.state.safetensors", "epoch-0006-step-000018.safetensors",
                "epoch-0006-step-000018.state.safetensors"],
            Directory.GetFiles(_folder["checkpoints", "toy"]).Select(System.IO.Path.GetFileName).Order());
        // The result beside a checkpoint is a LoRA like the run's own.
        Assert.Equal("15", Safetensors.ReadMetadata(_folder["checkpoints", "toy", "epoch-0005-step-000015.safetensors"])["ss_steps"]);
    }

    [Fact]
    public void More_epochs_train_on_and_other_settings_are_refused()
    {
        var options = Options with
        {
            Saving = Options.Saving with { Output = _folder["toy.safetensors"], Every = 2 },
            Learning = Options.Learning with { Schedule = "constant" }
        };
        Train(options);
        Assert.Equal(24, Train(options with
        {
            Saving = options.Saving with { Resume = true },
            Intervals = options.Intervals with { Epochs = 8 }
        }).History.Count);
        var message = Assert.ThrowsAny<BadInputException>(() =>
            Train(options with { Saving = options.Saving with { Resume = true }, Learning = options.Learning with { Rate = 1 } })).Message;
        Assert.Contains("learning_rate", message, StringComparison.Ordinal);
        Assert.Contains("without Saving.Resume", message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Path(string name, TrainMethod method) =>
        method is TrainMethod.DreamBooth or TrainMethod.Imagic ? _folder[name] : _folder[name + ".safetensors"];

    // Files also hold the run's name, so the tensors are compared.
    private static Dictionary<string, byte[]> Weights(string output) => (
        from file in Directory.Exists(output) ? Directory.GetFiles(output, "*.safetensors", SearchOption.AllDirectories) : [output]
        from pair in Safetensors.Load(file)
        select (Name: $"{(file == output ? "" : System.IO.Path.GetRelativePath(output, file))}/{pair.Key}",
            Bytes: pair.Value.bytes.ToArray())).ToDictionary(pair => pair.Name, pair => pair.Bytes);

    private TrainResult Train(TrainOptions options, int? stopAt = null, ScalarType dtype = ScalarType.Float32)
    {
        using var stop = new CancellationTokenSource();
        using var sd = StableDiffusion.Load(tiny.Folder, dtype: dtype);
        return new DreamBoothTrainer(sd, options).Train(new Stopper(stop, stopAt), stop.Token);
    }

    private sealed class Stopper(CancellationTokenSource stop, int? at) : IProgress<TrainEvent>
    {
        public void Report(TrainEvent value)
        {
            if (value is StepEvent step && step.Step.Step + 1 == at)
                stop.Cancel();
        }
    }
}
