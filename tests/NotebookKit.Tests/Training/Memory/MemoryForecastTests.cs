using System.Runtime.InteropServices;
using System.Text.Json;
using NotebookKit.Models;
using NotebookKit.Tests.Cli;
using NotebookKit.Torch;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Memory;

public sealed class MemoryForecastTests
{
    private static readonly MemoryPlan Sd15Lora = new() { Rank = 4, Size = 512 };

    private static string BaseMini => Path.Combine(House.Root, "data", "base-mini");

    public static TheoryData<TrainMethod, bool, OptimizerKind, int> Runs() => new()
    {
        { TrainMethod.Lora, false, OptimizerKind.AdamW, 1 },
        { TrainMethod.Lora, true, OptimizerKind.Lion, 2 },
        { TrainMethod.DreamBooth, false, OptimizerKind.AdamW, 1 },
        { TrainMethod.DreamBooth, true, OptimizerKind.AdamW8bit, 1 },
        { TrainMethod.DreamBooth, false, OptimizerKind.Prodigy, 4 },
        { TrainMethod.DreamBooth, false, OptimizerKind.Adafactor, 1 },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_run_of_the_miniature_holds_what_was_forecast_within_a_tenth(TrainMethod method, bool checkpointing, OptimizerKind optimizer, int batch)
    {
        using var folder = new TemporaryFolder();
        var plan = new MemoryPlan { Method = method, Checkpointing = checkpointing, Optimizer = optimizer, Batch = batch, TextEncoder = batch == 1 };
        var forecast = MemoryForecast.Of(ModelShape.Of(BaseMini), plan).Bytes.Total;

        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = TorchExtras.TensorBytes()!.Value.Now;
        TorchExtras.ResetPeakMemory();
        using (var sd = StableDiffusion.Load(BaseMini))
        {
            new DreamBoothTrainer(sd, new TrainOptions
            {
                InstanceDir = Path.Combine(House.Root, "data", "sample-rabbit"),
                InstancePrompt = "a photo of zwx rabbit toy",
                Method = method,
                GradientCheckpointing = checkpointing,
                Optimizer = optimizer,
                BatchSize = batch,
                TrainTextEncoder = plan.TextEncoder,
                Epochs = 1,
                Output = folder[method == TrainMethod.DreamBooth ? "model" : "lora.safetensors"],
            }).Train();
        }

        var measured = TorchExtras.TensorBytes()!.Value.Peak - before;
        Assert.InRange(forecast / (double)measured, 0.9, 1.1);
    }

    [Fact]
    public void Weights_gradients_and_states_of_sd15_are_its_parameters()
    {
        const long unet = 859_520_964, text = 123_060_480, vae = 83_653_863;
        var bytes = MemoryForecast.Of(ModelShape.Sd15, new MemoryPlan { Method = TrainMethod.DreamBooth, Checkpointing = true }).Bytes;
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
        Assert.True(Total(Sd15Lora with { FusedAttention = false, Checkpointing = true }) < plain);
        Assert.True(Total(Sd15Lora with { FusedAttention = false, DType = ScalarType.BFloat16 }) < 0.6 * plain);
        Assert.True(Total(Sd15Lora with { FusedAttention = false, Size = 256 }) < plain);
        Assert.True(Total(Sd15Lora with { FusedAttention = false, FreeEncoders = true }) < plain);
        Assert.True(Total(Sd15Lora with { FusedAttention = false, Batch = 2 }) > plain);
        Assert.Equal(Total(Sd15Lora with { WithClass = true }), Total(Sd15Lora with { Batch = 2 }));

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
        Assert.Contains("--checkpointing", MemoryForecast.Of(ModelShape.Sd15, Sd15Lora with { FreeEncoders = true, FusedAttention = false }, needs.Bytes.Weights * 3 / 2).Advice[0], StringComparison.Ordinal);
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
        var sentence = OutOfMemory.Sentence(ModelShape.Of(BaseMini), new MemoryPlan(), CPU);
        Assert.Matches("B were forecast and .* held .* next, ", sentence);
        Assert.DoesNotContain("\n", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rehearsal_leaves_nothing_behind()
    {
        MemoryForecast.Of(ModelShape.Of(BaseMini), new MemoryPlan());
        var before = TorchExtras.TensorBytes(new Device("meta"))!.Value.Now;
        MemoryForecast.Of(ModelShape.Of(BaseMini), new MemoryPlan { Checkpointing = true, FusedAttention = true });
        Assert.Equal(before, TorchExtras.TensorBytes(new Device("meta"))!.Value.Now);
    }

    [Fact]
    public void Encoders_put_aside_free_their_weights_and_come_back_to_the_bit()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var sd = StableDiffusion.Load(BaseMini);
        // Copies, and no views: a view would keep what it looks at.
        var weights = sd.Vae.parameters().Concat(sd.TextEncoder.parameters()).Select(parameter => parameter.clone()).ToList();
        var before = TorchExtras.TensorBytes()!.Value.Now;
        using (new EncodersAside(sd, textEncoder: true))
            Assert.InRange(before - TorchExtras.TensorBytes()!.Value.Now, weights.Sum(weight => weight.numel() * 4), long.MaxValue);
        foreach (var (was, now) in weights.Zip(sd.Vae.parameters().Concat(sd.TextEncoder.parameters())))
            Assert.True(was.equal(now).all().item<bool>());
    }

    [Fact]
    public void The_verb_gives_bytes_by_part()
    {
        var (code, output, _) = KitCommand.Run("forecast", "--base", "sd15", "--method", "lora_extended", "--rank", "32", "--size", "256", "--batch", "1", "--dtype", "bf16", "--checkpointing", "--memory", "2", "--json");
        Assert.Equal(0, code);
        var answer = JsonDocument.Parse(output).RootElement;
        var bytes = answer.GetProperty("bytes");
        Assert.Equal(bytes.GetProperty("total").GetInt64(), new[] { "weights", "gradients", "optimizer", "activations", "caches" }.Sum(part => bytes.GetProperty(part).GetInt64()));
        Assert.False(answer.GetProperty("fits").GetBoolean());
        Assert.NotEmpty(answer.GetProperty("advice").EnumerateArray());
        Assert.Equal(2, KitCommand.Run("forecast", "--method", "lorra").Code);
    }
}
