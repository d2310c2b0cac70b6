using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

public sealed class TrainOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-options-").FullName;

    private TrainOptions Good => new() { InstanceDir = _folder, InstancePrompt = "a photo of zwx toy", ClassPrompt = "a photo of a toy" };

    [Fact]
    public void Good_options_pass() => Good.Validate();

    [Fact]
    public void Bad_options_are_refused_with_one_sentence_that_names_the_flag()
    {
        Refuses(Good with { InstanceDir = Path.Combine(_folder, "nowhere") }, "nowhere");
        Refuses(Good with { InstancePrompt = " " }, "--instance-prompt");
        Refuses(Good with { ClassPrompt = "" }, "--class-prompt");
        Refuses(Good with { ClassPrompt = "a photo of zwx toy " }, "equals");
        Refuses(Good with { ClassImages = 0 }, "--class-images");
        Refuses(Good with { PriorLossWeight = -1 }, "--prior-loss-weight");
        Refuses(Good with { PriorLossWeight = double.NaN }, "--prior-loss-weight");
        Refuses(Good with { Rank = 0 }, "--rank");
        Refuses(Good with { Epochs = 0 }, "--epochs");
        Refuses(Good with { LearningRate = 0 }, "--lr");
        Refuses(Good with { Warmup = -1 }, "--warmup");
        Refuses(Good with { BatchSize = 0 }, "--batch");
        Refuses(Good with { Schedule = "cosin" }, "cosine");
        Refuses(Good with { Method = TrainMethod.DreamBooth, Output = "x.safetensors" }, "folder");
    }

    [Theory]
    [InlineData(null, "loras/NAME.safetensors")]
    [InlineData("x.safetensors", "x.safetensors")]
    [InlineData("runs/a", "runs/a/NAME.safetensors")]
    public void A_LoRA_goes_into_a_file_named_after_the_pictures(string? output, string expected) =>
        Assert.Equal(expected.Replace("NAME", Path.GetFileName(_folder)), (Good with { Output = output }).OutputPath);

    public void Dispose() => Directory.Delete(_folder);

    private static void Refuses(TrainOptions options, string names)
    {
        var message = Assert.Throws<BadInputException>(options.Validate).Message;
        Assert.Contains(names, message, StringComparison.Ordinal);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
    }
}
