using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Tools;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Methods;

public sealed class LoraTrainingTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    [Theory]
    [InlineData(LoraInit.Kaiming, null, 16)]
    [InlineData(LoraInit.Pissa, null, 1)]
    [InlineData(LoraInit.Gaussian, DoraNorm.PerInput, 1)]
    public void A_trained_LoRA_of_every_kind_is_saved_proved_and_says_what_it_learned_from(LoraInit init, DoraNorm? dora, double plus)
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var options = Options() with
        {
            Lora = Options().Lora with
            {
                Init = init,
                Dora = dora,
                Dropout = 0.1,
                RsLora = true,
                ConvRank = 1,
                Targets = LoraTargets.Locon
            },
            Learning = Options().Learning with { LoraPlusRatio = plus }
        };
        var result = new DreamBoothTrainer(sd, options).Train();

        Assert.NotNull(result.Proof);
        Assert.False(result.Proof.FreshBase); // a second base would double the memory of the run
        Assert.True(result.Proof.Effect > 1e-4, "the LoRA changes nothing");
        Assert.InRange(result.Proof.MaxDifference, 0, 0.01 * result.Proof.Effect + 1e-5);
        var info = LoraInfo.Of(LoraFile.Read(result.Output, strict: true));
        Assert.Equal("a zwx toy", info.TriggerWords.First().Key);
        Assert.Contains("view 0", info.TriggerWords.Keys);
    }

    [Fact]
    public void LoRA_plus_moves_the_up_weights_further()
    {
        double UpNorm(double ratio)
        {
            using var sd = StableDiffusion.Load(tiny.Folder);
            var output = new DreamBoothTrainer(sd,
                Options() with { Learning = Options().Learning with { LoraPlusRatio = ratio } }).Train().Output;
            return Safetensors.Load(output).Where(pair => pair.Key.EndsWith("lora_up.weight", StringComparison.Ordinal))
                .Sum(pair => pair.Value.to(ScalarType.Float64).norm().item<double>());
        }

        Assert.True(UpNorm(8) > 4 * UpNorm(1));
    }

    private TrainOptions Options() => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = TrainOptions.FileWords }],
        Images = new() { Size = 16 },
        Intervals = new() { Epochs = 2 },
        Lora = new() { Rank = 2 },
        Learning = new() { Rate = 1e-2 },
        Seed = 3,
        Saving = new()
        {
            As = ScalarType.Float32,
            Output = Path.Combine(tiny.Folder, "out", Guid.NewGuid().ToString("n"), "net.safetensors")
        },
    };
}
