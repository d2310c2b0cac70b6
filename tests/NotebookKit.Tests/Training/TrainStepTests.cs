using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using NotebookKit.Tests.Lora;
using NotebookKit.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>Ten-step reference runs of diffusers' DreamBooth trainer and kohya's LoRA, reproduced by the trainer's own step.</summary>
public sealed class TrainStepTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly UNet2DConditionModel _unet = GoldenBase.UNet();

    [Theory]
    [InlineData("full")]
    [InlineData("full_clip1_warmup")]
    [InlineData("full_accum2_vpred")]
    [InlineData("full_snr5")]
    public void A_full_fine_tune_gives_the_reference_losses_and_gradient_norms(string name) =>
        AssertRun(name, [.. _unet.parameters()]);

    [Theory]
    [InlineData("lora_r4")]
    [InlineData("locon_r4_clip")]
    public void A_LoRA_run_gives_the_reference_losses_and_gradient_norms(string name)
    {
        using var network = AttachInitial(name);
        AssertRun(name, [.. network.Parameters]);
    }

    [Fact]
    public void A_LoRA_run_ends_in_the_reference_weights()
    {
        using var network = AttachInitial("lora_r4");
        AssertRun("lora_r4", [.. network.Parameters]);
        var start = GoldenBase.Load("training", "lora_r4.init.safetensors");
        var want = GoldenBase.Load("training", "lora_r4.final.safetensors");
        double update = 0, error = 0;
        foreach (var (name, layer) in network.Layers)
        {
            foreach (var (part, got) in new[] { ("down", layer.Down), ("up", layer.Up) })
            {
                var key = $"{name}.lora_{part}.weight";
                update += (want[key] - start[key]).square().sum().item<float>();
                error += (want[key] - got.detach()).square().sum().item<float>();
            }
        }

        Assert.True(Math.Sqrt(error / update) <= 5e-3, $"the update is off by {Math.Sqrt(error / update):0.####} of its length");
    }

    [Fact]
    public void Accumulated_batches_move_the_weights_as_one_large_batch_does()
    {
        var data = GoldenBase.Load("training", "data.safetensors");
        var large = Train(accumulation: 1, [[0, 1]]);
        var small = Train(accumulation: 2, [[0], [1]]);
        foreach (var (name, weight) in large)
            Assert.True((weight - small[name]).abs().max().item<float>() < 1e-6, name);

        Dictionary<string, Tensor> Train(int accumulation, int[][] batches)
        {
            using var unet = GoldenBase.UNet();
            var options = new TrainOptions { GradientAccumulation = accumulation, MaxGradNorm = 1 };
            // Plain SGD: Adam would magnify the last bits of gradients that are nearly zero.
            using var optimizer = optim.SGD(unet.parameters(), 1e-3);
            var step = new TrainStep(unet, new SchedulerConfig(), optimizer, new LrSchedule("constant", 1e-3, 0, 1), options);
            foreach (var batch in batches)
            {
                var rows = tensor(batch.Select(i => (long)i).ToArray());
                Tensor Pick(string name) => data[name].index_select(0, rows)[TensorIndex.Colon, 0];
                step.Accumulate(Pick("latents"), Pick("noise"), Pick("timesteps"), Pick("context"), withClass: false);
            }

            step.Update(1);
            return unet.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
        }
    }

    public void Dispose()
    {
        _unet.Dispose();
        _scope.Dispose();
    }

    private LoraNetwork AttachInitial(string name)
    {
        foreach (var parameter in _unet.parameters())
            parameter.requires_grad_(false);
        var network = LoraNetwork.Load(House.Golden("training", $"{name}.init.safetensors"), _unet, null);
        foreach (var parameter in network.Parameters)
            parameter.requires_grad_(true);
        return network;
    }

    private void AssertRun(string name, IReadOnlyList<Parameter> trained)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(House.Golden("training", "manifest.json")));
        var reference = manifest.RootElement.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == name);
        var settings = reference.GetProperty("settings");
        var noise = reference.GetProperty("noise");
        using var log = JsonDocument.Parse(File.ReadAllText(House.Golden("training", $"{name}.log.json")));
        var data = GoldenBase.Load("training", "data.safetensors");

        var lr = Setting("lr", 1e-4);
        var options = new TrainOptions
        {
            PriorLossWeight = 0.3,
            MaxGradNorm = Setting("clip", 0),
            GradientAccumulation = (int)Setting("accum", 1),
            SnrGamma = settings.TryGetProperty("gamma", out var gamma) ? gamma.GetDouble() : null,
        };
        var config = new SchedulerConfig { PredictionType = settings.TryGetProperty("pred", out var prediction) ? prediction.GetString()! : "epsilon" };
        using var optimizer = optim.AdamW(trained, lr, weight_decay: 0.01);
        var step = new TrainStep(_unet, config, optimizer, new LrSchedule("constant_with_warmup", lr, (int)Setting("warmup", 0), 10), options);

        var lossTolerance = Math.Max(1e-5, 10 * noise.GetProperty("loss_rel").GetDouble());
        var normTolerance = Math.Max(2e-4, 10 * noise.GetProperty("grad_norm_rel").GetDouble());
        var batch = 0;
        foreach (var want in log.RootElement.GetProperty("log").EnumerateArray())
        {
            for (var i = 0; i < options.GradientAccumulation; i++, batch++)
                step.Accumulate(data["latents"][batch], data["noise"][batch], data["timesteps"][batch], data["context"][batch], withClass: true);
            var got = step.Update(1);
            AssertNear(want.GetProperty("lr").GetDouble(), got.LearningRate, 1e-12, $"lr of step {got.Step}");
            AssertNear(want.GetProperty("loss").GetDouble(), got.Loss, lossTolerance, $"loss of step {got.Step}");
            AssertNear(want.GetProperty("instance_loss").GetDouble(), got.InstanceLoss, lossTolerance, $"instance loss of step {got.Step}");
            AssertNear(want.GetProperty("prior_loss").GetDouble(), got.PriorLoss!.Value, lossTolerance, $"prior loss of step {got.Step}");
            AssertNear(want.GetProperty("grad_norm").GetDouble(), got.GradNorm, normTolerance, $"gradient norm of step {got.Step}");
        }

        double Setting(string key, double otherwise) => settings.TryGetProperty(key, out var value) ? value.GetDouble() : otherwise;
    }

    private static void AssertNear(double want, double got, double relative, string what) =>
        Assert.True(Math.Abs(want - got) <= relative * Math.Abs(want), $"{what}: {got:R}, not {want:R}");
}
