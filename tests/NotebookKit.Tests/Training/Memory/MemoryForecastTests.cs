using System.Runtime.InteropServices;
using System.Text.Json;
using NotebookKit.Pipeline;
using NotebookKit.Tests.Cli;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Optimizers;
using NotebookKit.Workshop.Bench;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Memory;

public sealed class MemoryForecastTests
{
    private static readonly MemoryPlan Sd15Lora = new() { Options = new() { Lora = new() { Rank = 4 }, Images = new() { Size = 512 } } };

    private static string BaseMini => Path.Combine(House.Root, "data", "base-mini");

    private static TrainOptions Rabbit => new()
    {
        Concepts = [new() { InstanceDir = Path.Combine(House.Root, "data", "sample-rabbit"), InstancePrompt = "a photo of zwx rabbit toy",
            InstanceToken = "zwx", ClassToken = "rabbit toy", ClassImages = 5, ClassSteps = 1 }],
        Intervals = new() { Epochs = 1 },
        Samples = new() { Steps = 1 },
    };

    private static Dictionary<string, TrainOptions> Settings => new()
    {
        ["lora"] = Rabbit,
        ["lora, checkpointing, lion, batch 2"] = Rabbit with
        {
            Memory = Rabbit.Memory with { GradientCheckpointing = true },
            Learning = Rabbit.Learning with { Optimizer = OptimizerKind.Lion },
            Intervals = Rabbit.Intervals with { BatchSize = 2 }
        },
        ["lora, text encoder"] = Rabbit with { TrainTextEncoder = true },
        ["lora, DoRA"] = Rabbit with { Lora = Rabbit.Lora with { Dora = NotebookKit.Lora.DoraNorm.PerOutput } },
        ["lora, encoders aside"] = Rabbit with { Memory = Rabbit.Memory with { FreeEncoders = true } },
        ["lora, random crops"] = Rabbit with
        {
            Images = Rabbit.Images with { RandomCrop = true },
            Memory = Rabbit.Memory with { FreeEncoders = true }
        },
        ["lora, 192 pixels, batch 4"] = Rabbit with
        {
            Images = Rabbit.Images with { Size = 192 },
            Intervals = Rabbit.Intervals with { BatchSize = 4 }
        },
        ["lora, class images and samples"] = Rabbit with
        {
            Concepts = [Rabbit.Concepts[0] with { ClassPrompt = "a photo of a rabbit toy" }],
            Samples = Rabbit.Samples with { Every = 1 },
            Images = Rabbit.Images with { Flip = true }
        },
        ["lora_extended, 8-bit AdamW"] = Rabbit with
        {
            Method = TrainMethod.LoraExtended,
            Learning = Rabbit.Learning with { Optimizer = OptimizerKind.AdamW8bit },
            Lora = Rabbit.Lora with { Rank = 32 }
        },
        ["textual_inversion"] = Rabbit with { Method = TrainMethod.TextualInversion },
        ["dreambooth"] = Rabbit with { Method = TrainMethod.DreamBooth },
        ["dreambooth, text encoder, checkpointing, 8-bit AdamW"] = Rabbit with
        {
            Method = TrainMethod.DreamBooth,
            TrainTextEncoder = true,
            Memory = Rabbit.Memory with { GradientCheckpointing = true },
            Learning = Rabbit.Learning with { Optimizer = OptimizerKind.AdamW8bit }
        },
        ["dreambooth, EMA, encoders aside"] = Rabbit with
        {
            Method = TrainMethod.DreamBooth,
            Learning = Rabbit.Learning with { EmaDecay = 0.99 },
            Memory = Rabbit.Memory with { FreeEncoders = true }
        },
        ["dreambooth, Prodigy, batch 4"] = Rabbit with
        {
            Method = TrainMethod.DreamBooth,
            Learning = Rabbit.Learning with { Optimizer = OptimizerKind.Prodigy },
            Intervals = Rabbit.Intervals with { BatchSize = 4 }
        },
        ["dreambooth, Adafactor, accumulation"] = Rabbit with
        {
            Method = TrainMethod.DreamBooth,
            Learning = Rabbit.Learning with { Optimizer = OptimizerKind.Adafactor },
            Intervals = Rabbit.Intervals with { GradientAccumulation = 3 }
        },
        ["imagic"] = Rabbit with { Method = TrainMethod.Imagic },
    };

    public static TheoryData<string, ScalarType> Runs()
    {
        var runs = new TheoryData<string, ScalarType>();
        foreach (var name in Settings.Keys)
            runs.Add(name, ScalarType.Float32);
        runs.Add("lora", ScalarType.BFloat16);
        runs.Add("dreambooth, EMA, encoders aside", ScalarType.BFloat16);
        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_run_of_the_miniature_holds_what_was_forecast_within_a_tenth(string name, ScalarType dtype)
    {
        using var folder = new TemporaryFolder();
        var options = Settings[name];
        options = options with { Saving = options.Saving with { Output = folder[options.WritesModel ? "model" : "lora.safetensors"] } };
        var forecast = MemoryForecast.Of(ModelShape.Of(BaseMini), MemoryPlan.Of(options, dtype)).Bytes;

        GC.Collect();
        GC.WaitForPendingFinalizers();
        var counter = CountingAllocator.OfCpu;
        var before = counter.Now;
        counter.ResetPeak();
        using (var sd = StableDiffusion.Load(BaseMini, dtype: dtype))
            new DreamBoothTrainer(sd, options).Train();
        var measured = counter.Peak - before;
        Assert.True(Math.Abs(forecast.Total - measured) <= 0.1 * measured, $"forecast {forecast}, {forecast.Total / 1e6:0.0} MB; measured "
            + $"{measured / 1e6:0.0} MB, {(100.0 * forecast.Total / measured) - 100:0.0} %");
    }

    [Fact]
    public void Weights_gradients_and_states_of_sd15_are_its_parameters()
    {
        const long unet = 859_520_964, text = 123_060_480, vae = 83_653_863;
        var bytes = MemoryForecast.Of(ModelShape.Sd15,
            new MemoryPlan { Options = new() { Method = TrainMethod.DreamBooth, Memory = new() { GradientCheckpointing = true } } }).Bytes;
        Assert.Equal(4 * (unet + text + vae), bytes.Weights);
        Assert.Equal(4 * unet, bytes.Gradients);
        Assert.Equal(8 * unet, bytes.Optimizer);
        Assert.Equal(bytes.Weights + bytes.Gradients + bytes.Optimizer + bytes.Activations + bytes.Caches, bytes.Total);
    }

    [Fact]
    public void Every_saving_saves()
    {
        var plain = Total(Sd15Lora with { FusedAttention = false });
        Assert.True(Total(Sd15Lora with { FusedAttention = true }) < plain);
        Assert.True(Total(Sd15Lora with
        {
            Options = Sd15Lora.Options with { Memory = Sd15Lora.Options.Memory with { GradientCheckpointing = true } },
            FusedAttention = false
        }) < plain);
        Assert.True(Total(Sd15Lora with { DType = ScalarType.BFloat16 }) < 0.6 * Total(Sd15Lora)); // scores that are kept are float32
        Assert.True(Total(Sd15Lora with
        {
            Options = Sd15Lora.Options with { Images = Sd15Lora.Options.Images with { Size = 256 } },
            FusedAttention = false
        }) < plain);
        Assert.True(Total(Sd15Lora with
        {
            Options = Sd15Lora.Options with { Memory = Sd15Lora.Options.Memory with { FreeEncoders = true } },
            FusedAttention = false
        }) < plain);
        Assert.True(Total(Sd15Lora with
        {
            Options = Sd15Lora.Options with { Intervals = Sd15Lora.Options.Intervals with { BatchSize = 2 } },
            FusedAttention = false
        }) > plain);
        Assert.Equal(Total(Sd15Lora with { WithClass = true }),
            Total(Sd15Lora with { Options = Sd15Lora.Options with { Intervals = Sd15Lora.Options.Intervals with { BatchSize = 2 } } }));

        static long Total(MemoryPlan plan) => MemoryForecast.Of(ModelShape.Sd15, plan).Bytes.Total;
    }

    [Fact]
    public void Where_one_change_is_enough_the_cheapest_is_named()
    {
        var needs = MemoryForecast.Of(ModelShape.Sd15, Sd15Lora);
        var enough = needs.Bytes.Total + needs.Reserve;
        var tight = MemoryForecast.Of(ModelShape.Sd15, Sd15Lora, enough - 1);
        Assert.False(tight.Fits);
        Assert.Contains("--free-encoders", Assert.Single(tight.Advice), StringComparison.Ordinal);
        Assert.True(MemoryForecast.Of(ModelShape.Sd15, Sd15Lora, enough).Fits);
        var freed = Sd15Lora with
        {
            Options = Sd15Lora.Options with
            {
                Memory = Sd15Lora.Options.Memory with { FreeEncoders = true },
                Intervals = Sd15Lora.Options.Intervals with { BatchSize = 4 }
            }
        };
        var less = MemoryForecast.Of(ModelShape.Sd15, freed);
        Assert.Contains("--checkpointing",
            Assert.Single(MemoryForecast.Of(ModelShape.Sd15, freed, less.Bytes.Total + less.Reserve - 1).Advice), StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_change_makes_fit_is_said()
    {
        var hopeless = MemoryForecast.Of(ModelShape.Sd15, Sd15Lora, 1_000_000_000);
        Assert.False(hopeless.Fits);
        Assert.Contains("Even so", hopeless.Advice[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_sentence_about_a_shortage_has_forecast_actual_and_next_step()
    {
        Assert.True(OutOfMemory.Is(new ExternalException("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")));
        Assert.False(OutOfMemory.Is(new InvalidOperationException("shapes differ")));
        using var held = ones([200_000_000], ScalarType.Byte); // more than is forecast, whatever ran in this process before
        var sentence = OutOfMemory.Sentence(ModelShape.Of(BaseMini), new MemoryPlan(), CPU);
        Assert.Matches("B were forecast and .* held .* next, [a-z].* \\(--[a-z][^)]*\\) and start again", sentence);
        Assert.DoesNotContain("\n", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_forecast_takes_no_memory_for_tensors()
    {
        var counter = CountingAllocator.OfCpu;
        counter.ResetPeak();
        var before = counter.Now;
        MemoryForecast.Of(ModelShape.Sd15,
            new MemoryPlan { Options = new() { Method = TrainMethod.DreamBooth, Memory = new() { GradientCheckpointing = true } } });
        Assert.InRange(counter.Peak - before, 0, 100_000);
    }

    [Fact]
    public void The_parts_add_up_and_name_what_the_blocks_keep()
    {
        var bytes = MemoryForecast.Of(ModelShape.Sd15, Sd15Lora).Bytes;
        Assert.Equal(bytes.Total, bytes.Parts.Values.Sum());
        Assert.All([MemoryPart.Norms, MemoryPart.ResnetBlocks, MemoryPart.Attention, MemoryPart.FeedForward, MemoryPart.Adapters],
            part => Assert.True(bytes.Parts[part] > 10_000_000, $"{part}"));
        var checkpointed = MemoryForecast.Of(ModelShape.Sd15,
            Sd15Lora with
            {
                Options = Sd15Lora.Options with
                {
                    Memory = Sd15Lora.Options.Memory with { GradientCheckpointing = true },
                    Images = Sd15Lora.Options.Images with { Size = 256 },
                    Intervals = Sd15Lora.Options.Intervals with { BatchSize = 16 }
                }
            }).Bytes;
        Assert.True(checkpointed.Parts[MemoryPart.Checkpoints] > checkpointed.Parts.GetValueOrDefault(MemoryPart.ResnetBlocks));
    }

    [Fact]
    public void The_verb_gives_bytes_by_part()
    {
        var (code, output, _) = KitCommand.Run("forecast", "--base", "sd15", "--method", "lora_extended", "--rank", "32", "--size", "256",
            "--batch", "1", "--dtype", "bf16", "--checkpointing", "--memory", "2", "--json");
        Assert.Equal(0, code);
        var answer = JsonDocument.Parse(output).RootElement;
        var bytes = answer.GetProperty("bytes");
        Assert.Equal(bytes.GetProperty("total").GetInt64(),
            new[] { "weights", "gradients", "optimizer", "activations", "caches" }.Sum(part => bytes.GetProperty(part).GetInt64()));
        Assert.Equal(bytes.GetProperty("total").GetInt64(),
            answer.GetProperty("parts").EnumerateArray().Sum(part => part.GetProperty("bytes").GetInt64()));
        Assert.False(answer.GetProperty("fits").GetBoolean());
        Assert.NotEmpty(answer.GetProperty("advice").EnumerateArray());
        Assert.Equal(2, KitCommand.Run("forecast", "--method", "lorra").Code);
    }
}
