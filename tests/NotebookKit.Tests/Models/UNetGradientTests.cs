using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Tests.Models;

public sealed class UNetGradientTests
{
    [Theory]
    [InlineData("sd15_tiny")]
    [InlineData("sd2_tiny")]
    public void The_gradients_of_its_inputs_are_those_of_central_differences_and_half_of_the_references(string name)
    {
        using var scope = NewDisposeScope();
        using var manifest = JsonDocument.Parse(File.ReadAllText(House.Golden("unet", "manifest.json")));
        var config = manifest.RootElement.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == name)
            .GetProperty("config");
        using var unet = new UNet2DConditionModel(UNet2DConditionConfig.Parse(config.GetRawText()));
        PretrainedWeights.Fill(unet, House.Golden("unet", $"{name}.weights.safetensors"));
        unet.to(ScalarType.Float64);
        var outputs = Safetensors.Load(House.Golden("unet", $"{name}.outputs.safetensors"));
        var grads = Safetensors.Load(House.Golden("unet", $"{name}.grads.safetensors"));
        var (time, target) = (outputs["c0.timestep"], grads["target"].to(ScalarType.Float64));
        var inputs = new[] { outputs["c0.sample"], outputs["c0.context"] }.Select(input => input.to(ScalarType.Float64).requires_grad_())
            .ToArray();

        Loss(inputs).backward();
        foreach (var (i, key) in new[] { (0, "grad_sample"), (1, "grad_context") })
        {
            var gradient = inputs[i].grad!;
            using (no_grad())
            {
                var direction = gradient / gradient.norm();
                var (up, down) = (inputs.Select((x, j) => j == i ? x + direction * 1e-4 : x).ToArray(),
                    inputs.Select((x, j) => j == i ? x - direction * 1e-4 : x).ToArray());
                var slope = (Loss(up) - Loss(down)).item<double>() / 2e-4;
                Assert.Equal(gradient.norm().item<double>(), slope, 1e-6 * slope);
            }

            var twice = gradient * 2;
            Assert.True((twice - grads[key]).abs().max().item<double>() < 5e-4 * twice.abs().max().item<double>());
        }

        Tensor Loss(Tensor[] given) => functional.mse_loss(unet.call(given[0], time, given[1]), target);
    }
}
