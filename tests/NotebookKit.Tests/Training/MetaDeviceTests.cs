using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Tests.Models;
using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Optimizers;
using NotebookKit.Workshop.Bench;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>What would find a tensor left on the CPU only on a GPU, found without one.</summary>
public sealed class MetaDeviceTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    private static readonly ModelShape Tiny = new(TinyModel.UNet, TinyModel.Vae, TinyModel.Text);

    private TrainOptions Toy => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a zwx toy", InstanceToken = "zwx", ClassToken = "toy" }],
        Intervals = new() { Epochs = 1 },
        Learning = new() { EmaDecay = 0.9 },
    };

    private Dictionary<string, TrainOptions> Settings => new()
    {
        ["lora"] = Toy,
        ["lora, text encoder, dropout, offset noise"] = Toy with
        {
            TrainTextEncoder = true,
            Lora = Toy.Lora with { Dropout = 0.1 },
            Loss = Toy.Loss with { NoiseOffset = 0.1 }
        },
        ["lora, DoRA, min-SNR"] = Toy with { Lora = Toy.Lora with { Dora = DoraNorm.PerOutput }, Loss = Toy.Loss with { SnrGamma = 5 } },
        ["lora, checkpointing, LoRA+"] = Toy with
        {
            Memory = Toy.Memory with { GradientCheckpointing = true },
            Learning = Toy.Learning with { LoraPlusRatio = 16 }
        },
        ["lora_extended"] = Toy with { Method = TrainMethod.LoraExtended },
        ["dreambooth, class images"] = Toy with
        {
            Method = TrainMethod.DreamBooth,
            Concepts = [Toy.Concepts[0] with { ClassPrompt = "a toy", ClassImages = 2, ClassSteps = 1 }]
        },
        ["dreambooth, text encoder, checkpointing"] = Toy with
        {
            Method = TrainMethod.DreamBooth,
            TrainTextEncoder = true,
            Memory = Toy.Memory with { GradientCheckpointing = true }
        },
        ["textual_inversion"] = Toy with { Method = TrainMethod.TextualInversion },
        ["imagic"] = Toy with { Method = TrainMethod.Imagic },
        ["dreambooth, adamw8bit"] = Toy with
        {
            Method = TrainMethod.DreamBooth,
            Learning = Toy.Learning with { Optimizer = OptimizerKind.AdamW8bit }
        },
        ["dreambooth, adafactor"] = Toy with
        {
            Method = TrainMethod.DreamBooth,
            Learning = Toy.Learning with { Optimizer = OptimizerKind.Adafactor }
        },
        ["dreambooth, lion"] = Toy with
        {
            Method = TrainMethod.DreamBooth,
            Learning = Toy.Learning with { Optimizer = OptimizerKind.Lion }
        },
        ["dreambooth, prodigy"] = Toy with
        {
            Method = TrainMethod.DreamBooth,
            Learning = Toy.Learning with { Optimizer = OptimizerKind.Prodigy }
        },
    };

    public static TheoryData<string, ScalarType> Steps()
    {
        var steps = new TheoryData<string, ScalarType>();
        foreach (var name in new MetaDeviceTests(new TinyBase()).Settings.Keys)
        {
            steps.Add(name, ScalarType.Float32);
            steps.Add(name, ScalarType.BFloat16);
        }

        return steps;
    }

    public static TheoryData<string> Samplers() => [.. SamplerName.All.Select(sampler => sampler.Name)];

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_step_of_every_method_leaves_nothing_on_the_CPU(string name, ScalarType dtype)
    {
        // Pictures are encoded where there are numbers; the loader takes them to the device.
        using var folder = new TemporaryFolder();
        using var cpu = StableDiffusion.Load(tiny.Folder);
        var options = (Settings[name] with { Saving = Settings[name].Saving with { Output = folder["result"] } }).ForBase(cpu);
        using var data = new TrainData(cpu, options);
        foreach (var _ in data.Prepare(default))
        {
        }

        using var sd = MetaDevice.Create(Tiny, dtype);
        using var weights = TrainedWeights.Create(sd, options);
        using var optimizer = weights.Optimizer();
        using var ema = new EmaWeights(optimizer.Groups, 0.9);
        using var loader = new BatchLoader(sd, options, data, weights);
        using var step = new TrainStep(sd.UNet, sd.SchedulerConfig, optimizer, options.ScheduleOver(2), options);
        sd.UNet.GradientCheckpointing = sd.TextEncoder.GradientCheckpointing = options.Memory.GradientCheckpointing;
        foreach (var epoch in options.Method == TrainMethod.Imagic ? [0, options.EpochsInAll - 1] : new[] { 0 })
        {
            weights.BeginEpoch(epoch);
            foreach (var group in data.Epoch(epoch).Take(2))
            {
                // TorchSharp may collect a number's native copy while libtorch reads it (dotnet/TorchSharp#1434), and
                // on this device a step is little but such calls: no collection in it.
                Assert.True(GC.TryStartNoGCRegion(100_000_000));
                foreach (var batch in group.Batches)
                    step.Accumulate(loader.Load(batch), group.Instances, group.Classes);
                GC.EndNoGCRegion();
                // Update's length of the gradient and its losses are read back; what it does besides:
                if (optimizer is Prodigy)
                {
                    // Its own rate is read back before it moves anything.
                    Assert.Contains("meta tensor", Assert.ThrowsAny<Exception>(() => optimizer.Step(0.5)).Message,
                        StringComparison.Ordinal);
                    continue;
                }

                optimizer.Step(0.5);
                optimizer.ZeroGradient();
                ema.Update();
            }
        }

        using (ema.Swap())
            MetaKernels.ThrowWhatMixed();
        Assert.All(optimizer.Groups, group => Assert.Equal(TorchSharp.DeviceType.META, group.Weights.device_type));
        Assert.All(weights.Named, named => Assert.Equal(TorchSharp.DeviceType.META, named.Parameter.device_type));
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public void The_sampling_loop_runs_whole_with_every_scheduler(string scheduler)
    {
        using var sd = MetaDevice.Create(Tiny);
        using var network = LoraNetwork.Inject(sd.UNet, sd.TextEncoder, new LoraOptions { Rank = 2 });
        var options = new SampleOptions
        {
            Prompt = "a (red:1.2) toy AND a [dog:cat:0.5]",
            NegativePrompt = "blur",
            Scheduler = scheduler,
            Steps = 4,
            Count = 2
        };
        StepProgress? last = null;
        // Every step runs, the decoder too; only the finished picture is read back, and there is none.
        var failure = Assert.ThrowsAny<Exception>(() => sd.Sample(options, new Heard<StepProgress>(progress => last = progress)));
        MetaKernels.ThrowWhatMixed();
        Assert.NotNull(last);
        Assert.True(last.Total == last.Done, $"{last.Done} of {last.Total}: {failure}");
        Assert.Contains("meta tensor", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void A_LoRA_is_attached_folded_and_merged_on_the_device(ScalarType dtype)
    {
        using var cpu = TinyModel.Create();
        using var made = LoraNetwork.Inject(cpu.UNet, cpu.TextEncoder, new LoraOptions { Rank = 2, Targets = LoraTargets.All });
        using var sd = MetaDevice.Create(Tiny, dtype);
        using var network = LoraNetwork.Attach(made.ToFile(), sd);
        using var grad = no_grad();
        Predict(sd);
        using (FoldedWeights.Fold(sd.UNet, sd.TextEncoder))
            Predict(sd);
        network.Merge();
        Predict(sd);
        MetaKernels.ThrowWhatMixed();
        Assert.All(sd.UNet.parameters(), parameter => Assert.Equal(TorchSharp.DeviceType.META, parameter.device_type));
    }

    [Theory]
    [InlineData(40, 30, 4)]
    [InlineData(700, 600, 4)]
    public void What_extracting_computes_stays_on_the_device(long rows, long columns, int rank)
    {
        MetaKernels.Use();
        var (up, down) = LowRank.Factors(empty([rows, columns], device: META), rank);
        Assert.Equal([rows, rank], up.shape);
        Assert.Equal([rank, columns], down.shape);
        Assert.All([up, down], factor => Assert.Equal(TorchSharp.DeviceType.META, factor.device_type));
    }

    [Fact]
    public void A_tensor_left_on_the_CPU_is_found()
    {
        using var sd = MetaDevice.Create(Tiny);
        using var grad = no_grad();
        Found(() => sd.UNet.call(zeros([1, 4, 8, 8]), zeros([1], device: META), zeros([1, 77, 16], device: META)));
        Found(() => sd.UNet.call(zeros([1, 4, 8, 8], device: META), zeros([1], device: META), zeros([1, 77, 16])));
        Found(() => sd.TextEncoder.call(zeros([1, 77], ScalarType.Int64)));

        static void Found(Action call) => Assert.ThrowsAny<Exception>(() =>
        {
            try
            {
                call();
            }
            finally
            {
                MetaKernels.ThrowWhatMixed();
            }
        });
    }

    private static void Predict(StableDiffusion sd)
    {
        using var scope = NewDisposeScope();
        var dtype = sd.UNet.parameters().First().dtype;
        var states = sd.EncodePrompts(["a toy"]);
        Assert.Equal([1, 4, 8, 8], sd.UNet.call(zeros([1, 4, 8, 8], dtype, META), zeros([1], device: META), states).shape);
    }
}
