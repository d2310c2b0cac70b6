using NotebookKit.Tests.Models;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;

namespace NotebookKit.Tests.Training;

public sealed class TrainOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-options-").FullName;

    public TrainOptionsTests() => File.WriteAllBytes(Path.Combine(_folder, "a.png"), []);

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
        Refuses(Good with { Schedule = "cosin" }, "did you mean cosine");
        Refuses(Good with { Schedule = "cosine_with_restarts", ScheduleCycles = 0 }, "at least 1 cycle");
        Refuses(Good with { Schedule = "polynomial", ScheduleEnd = 1e-3, LearningRate = 1e-4 }, "below the learning rate");
        Refuses(Good with { Schedule = "piecewise_constant", ScheduleRules = "1:x" }, "1:100,0.1:200,0.01");
        Refuses(Good with { Sampler = "eular" }, "euler");
        Refuses(Good with { Method = TrainMethod.Imagic, Output = "x.safetensors" }, "folder");
        Refuses(Good with { Output = "x.ckpt" }, "--method dreambooth");
        Refuses(Good with { InstancePrompt = "[filewords]", ClassPrompt = "[filewords]" }, "equals the instance prompt, \"a\" for a.png");
        Refuses(Good with { ClassImagesPerInstance = 0 }, "--class-images-per-instance is 0");
        Refuses(Good with { ClassImages = 0 }, "prior loss weight of 0.3");
        Refuses(Good with { SnrGamma = 0 }, "--snr-gamma");
        Refuses(Good with { CaptionDropout = 1.5 }, "--caption-dropout");
        Refuses(Good with { TextEncoderRatio = 2 }, "--text-encoder-ratio");
        Refuses(Good with { HeldOutDir = _folder }, "held-out");
        Refuses(Good with { PictureWeights = new Dictionary<string, double> { ["b.png"] = 2 } }, "b.png");
        Refuses(Good with { MoreConcepts = [new Concept { InstanceDir = Path.Combine(_folder, "more"), InstancePrompt = "p" }] }, "more");
        Refuses(Good with { Method = TrainMethod.TextualInversion, InstanceToken = "two words" }, "is several");
        Refuses(Good with { Method = TrainMethod.TextualInversion, InstancePrompt = "a photo of ZWX toy", InstanceToken = "zwx", ClassToken = "toy" }, "does not hold the new word zwx");
        (Good with { ClassImages = 0, PriorLossWeight = 0 }).Validate();
        (Good with { ClassPrompt = null, ClassImages = 0 }).Validate();
    }

    [Fact]
    public void An_empty_folder_is_refused()
    {
        File.Delete(Path.Combine(_folder, "a.png"));
        Refuses(Good, "no pictures");
    }

    [Fact]
    public void A_rank_above_every_layers_width_is_refused_with_the_largest_that_is_of_use()
    {
        var shape = Shape(("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", 32, 32), ("mid_block.attentions.0.transformer_blocks.0.attn2.to_k", 96, 80));
        Assert.Contains("--rank 80", Assert.Throws<BadInputException>(() => shape.Check(Good with { Rank = 81 })).Message, StringComparison.Ordinal);
        Assert.Contains("1 of 2 adapted layers, where only 32 will be used", Assert.Single(shape.Check(Good with { Rank = 80 })), StringComparison.Ordinal);
        Assert.Empty(shape.Check(Good with { Rank = 32 }));
    }

    [Fact]
    public void A_rank_that_a_single_file_has_no_room_for_is_refused_before_its_weights_are_read()
    {
        using var model = TinyModel.Create();
        var file = Path.Combine(_folder, "base.safetensors");
        model.Save(file, TorchSharp.torch.ScalarType.Float32);
        Assert.Contains("--rank 4000", Assert.Throws<BadInputException>(() => (Good with { Rank = 4000 }).Validate(file)).Message, StringComparison.Ordinal);
        (Good with { Rank = 1 }).Validate(file);
        (Good with { Rank = 4000 }).Validate("nobody/no-such-model"); // not here: told when it is loaded
    }

    [Fact]
    public void A_disk_too_full_for_the_checkpoints_is_refused_before_anything_is_loaded()
    {
        var huge = Shape(("conv_in", 1L << 30, 1L << 20)) with { TotalNumbers = 1L << 50 };
        var message = Assert.Throws<BadInputException>(() => huge.Check(Good with { Method = TrainMethod.DreamBooth, SaveEvery = 1 })).Message;
        Assert.Contains("disk is too full", message, StringComparison.Ordinal);
        Assert.Contains("3 checkpoints", message, StringComparison.Ordinal);
        Assert.Contains("--keep-last", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prior_loss_weight_may_change_in_a_straight_line()
    {
        var options = Good with { PriorLossWeight = 1, PriorLossWeightEnd = 0.2, Epochs = 5 };
        Assert.Equal([1, 0.8, 0.6, 0.4, 0.2], Enumerable.Range(0, 5).Select(epoch => Math.Round(options.PriorLossWeightAt(epoch), 12)));
    }

    [Theory]
    [InlineData(null, "loras/NAME.safetensors")]
    [InlineData("x.safetensors", "x.safetensors")]
    [InlineData("runs/a", "runs/a/NAME.safetensors")]
    public void A_LoRA_goes_into_a_file_named_after_the_pictures(string? output, string expected) =>
        Assert.Equal(expected.Replace("NAME", Path.GetFileName(_folder)), (Good with { Output = output }).OutputPath);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static BaseShape Shape(params (string Layer, long Out, long In)[] layers) =>
        new(layers.ToDictionary(layer => layer.Layer + ".weight", layer => (IReadOnlyList<long>)[layer.Out, layer.In]), new Dictionary<string, IReadOnlyList<long>>(), 1000);

    private static void Refuses(TrainOptions options, string names)
    {
        var message = Assert.Throws<BadInputException>(options.Validate).Message;
        Assert.Contains(names, message, StringComparison.Ordinal);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
    }
}
