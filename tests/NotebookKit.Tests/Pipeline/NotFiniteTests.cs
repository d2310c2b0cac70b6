using NotebookKit.Pipeline;
using NotebookKit.Tests.Models;
using NotebookKit.Tests.Training;
using NotebookKit.Training.Loss;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline;

/// <summary>A picture of NaN is a failure that is told with where it arose, and never a black picture.</summary>
public sealed class NotFiniteTests(TinyBase tiny) : ToyTraining(tiny)
{
    [Theory]
    [InlineData("unet", "the UNet")]
    [InlineData("text", "the text encoder")]
    [InlineData("vae", "the VAE")]
    public void It_says_which_part_gave_it(string part, string told)
    {
        using var sd = TinyModel.Create();
        Break(part == "unet" ? sd.UNet : part == "text" ? sd.TextEncoder : sd.Vae);
        Assert.Contains(told, Assert.Throws<NotFiniteException>(() => sd.Sample(new SampleOptions { Prompt = "a toy", Steps = 2 })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_overflows_in_its_last_step_says_what_one_step_later_would()
    {
        var options = Options with
        {
            Intervals = Options.Intervals with { Epochs = 1, BatchSize = 3 },
            Learning = Options.Learning with { Rate = 1e10, Schedule = "constant", Warmup = 0 },
        };
        var message = Assert.Throws<DivergedException>(() => Train(options)).Message;
        Assert.Contains("learning rate", message, StringComparison.Ordinal);
        Assert.False(File.Exists(options.OutputPath));
    }

    [Fact]
    public void A_model_with_numbers_past_float16_is_not_stored_in_it()
    {
        using var sd = TinyModel.Create();
        using (no_grad())
            sd.UNet.parameters().First().view(-1)[0].fill_(70000);
        var path = Path.Combine(Folder, "half.safetensors");
        Assert.Contains("past 65504", Assert.Throws<BadInputException>(() => sd.Save(path, ScalarType.Float16)).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Folder));
        sd.Save(path, ScalarType.BFloat16);
        using var again = StableDiffusion.Load(path);
        Assert.InRange(again.UNet.parameters().First().view(-1)[0].item<float>(), 69_500, 70_500);
    }

    private static void Break(nn.Module network)
    {
        using var grad = no_grad();
        foreach (var parameter in network.parameters())
            parameter.fill_(float.NaN);
    }
}
