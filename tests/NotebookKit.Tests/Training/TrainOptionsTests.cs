using NotebookKit.Training.Settings;
using NotebookKit.Tests.Models;
using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

public sealed class TrainOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-options-").FullName;

    public TrainOptionsTests() => File.WriteAllBytes(Path.Combine(_folder, "a.png"), []);

    private TrainOptions Good =>
        new() { Concepts = [new() { InstanceDir = _folder, InstancePrompt = "a photo of zwx toy", ClassPrompt = "a photo of a toy" }] };

    [Fact]
    public void Good_options_pass() => Good.Validate();

    [Theory]
    [InlineData("--instance-dir|nowhere", "--instance-dir must hold")]
    [InlineData("--instance-prompt| ", "--instance-prompt")]
    [InlineData("--class-prompt|", "--class-prompt")]
    [InlineData("--class-prompt|a photo of zwx toy ", "equals")]
    [InlineData("--class-images|0", "--class-images is 0")]
    [InlineData("--class-images|0", "prior loss weight of 0.3")]
    [InlineData("--class-images-per-instance|0", "--class-images-per-instance is 0")]
    [InlineData("--prior-loss-weight|-1", "--prior-loss-weight must be 0 or more, not -1; 0.15 to 0.4 is usual.")]
    [InlineData("--prior-loss-weight|NaN", "--prior-loss-weight must be")]
    [InlineData("--rank|0", "--rank must be at least 1, not 0; 4 to 32 is usual.")]
    [InlineData("--conv-rank|0", "--conv-rank must be at least 1")]
    [InlineData("--lora-dropout|1", "--lora-dropout must be from 0 to below 1, not 1; 0.1 is usual.")]
    [InlineData("--lora-plus|0", "--lora-plus must be above 0")]
    [InlineData("--dora|per_output|--lora-init|pissa", "PiSSA and DoRA")]
    [InlineData("--epochs|0", "--epochs must be at least 1")]
    [InlineData("--lr|0", "--lr must be above 0")]
    [InlineData("--warmup|-1", "--warmup must be 0 or more optimizer steps, not -1.")]
    [InlineData("--batch|0", "--batch must be at least 1")]
    [InlineData("--schedule|cosin", "did you mean cosine")]
    [InlineData("--schedule|cosine_with_restarts|--cycles|0", "at least 1 cycle")]
    [InlineData("--schedule|polynomial|--lr-end|1e-3|--lr|1e-4", "below the learning rate")]
    [InlineData("--schedule|piecewise_constant|--step-rules|1:x", "1:100,0.1:200,0.01")]
    [InlineData("--sampler|eular", "euler")]
    [InlineData("--method|imagic|--out|x.safetensors", "folder")]
    [InlineData("--out|x.ckpt", "--method dreambooth")]
    [InlineData("--instance-prompt|[filewords]|--class-prompt|[filewords]", "equals the instance prompt, \"a\" for a.png")]
    [InlineData("--snr-gamma|0", "--snr-gamma must be above 0")]
    [InlineData("--caption-dropout|1.5", "--caption-dropout must be from 0 to 1, not 1.5")]
    [InlineData("--text-encoder-ratio|2", "--text-encoder-ratio must be from 0 to 1")]
    [InlineData("--token-vectors|17", "--token-vectors must be from 1 to 16")]
    [InlineData("--picture-weight|b.png=2", "b.png")]
    [InlineData("--method|textual_inversion|--instance-token|two words", "is several")]
    [InlineData("--method|textual_inversion|--instance-prompt|a photo of ZWX toy|--instance-token|zwx|--class-token|toy",
        "does not hold the new word zwx")]
    public void A_setting_that_cannot_work_is_refused_in_one_sentence(string flags, string sentence)
    {
        var refused = Assert.ThrowsAny<BadInputException>(With(flags).Validate);
        var told = refused is BadSettingException setting ? setting.InFlags : refused.Message;
        Assert.Contains(sentence, told, StringComparison.Ordinal);
        Assert.EndsWith(".", told, StringComparison.Ordinal);
        // Whoever writes C# reads the property's name.
        Assert.Equal(BadSettingException.InProperties(told), refused.Message);
    }

    [Fact]
    public void In_code_a_refusal_names_the_property()
    {
        Assert.StartsWith("Lora.Rank must be at least 1, not 0;", Assert.Throws<BadSettingException>(With("--rank|0").Validate).Message,
            StringComparison.Ordinal);
        Assert.Contains("give one such as ClassPrompt ", Assert.Throws<BadSettingException>(With("--class-prompt|").Validate).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Every_concept_is_checked() =>
        Refuses(Good with { Concepts = [Good.Concepts[0], new() { InstanceDir = Path.Combine(_folder, "more"), InstancePrompt = "p" }] },
            "more");

    [Theory]
    [InlineData("--class-images|0|--prior-loss-weight|0")]
    [InlineData("--rank|64|--schedule|cosine")]
    public void What_makes_sense_together_passes(string flags) => With(flags).Validate();

    [Fact]
    public void Without_a_class_prompt_no_class_images_are_missed() =>
        (Good with { Concepts = [Good.Concepts[0] with { ClassPrompt = null, ClassImages = 0 }] }).Validate();

    [Fact]
    public void An_empty_folder_is_refused()
    {
        File.Delete(Path.Combine(_folder, "a.png"));
        Refuses(Good, "no pictures");
    }

    [Fact]
    public void A_rank_above_every_layers_width_is_refused_with_the_largest_that_is_of_use()
    {
        var shape = Shape(("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", 32, 32),
            ("mid_block.attentions.0.transformer_blocks.0.attn2.to_k", 96, 80));
        Assert.Contains("Lora.Rank 80",
            Assert.ThrowsAny<BadInputException>(() => shape.Check(Good with { Lora = Good.Lora with { Rank = 81 } })).Message,
            StringComparison.Ordinal);
        Assert.Contains("1 of 2 adapted layers, where only 32 will be used",
            Assert.Single(shape.Check(Good with { Lora = Good.Lora with { Rank = 80 } })), StringComparison.Ordinal);
        Assert.Empty(shape.Check(Good with { Lora = Good.Lora with { Rank = 32 } }));
    }

    [Fact]
    public void A_rank_that_a_single_file_has_no_room_for_is_refused_before_its_weights_are_read()
    {
        using var model = TinyModel.Create();
        var file = Path.Combine(_folder, "base.safetensors");
        model.Save(file, TorchSharp.torch.ScalarType.Float32);
        Assert.Contains("Lora.Rank 4000",
            Assert.ThrowsAny<BadInputException>(() => (Good with { Lora = Good.Lora with { Rank = 4000 } }).Validate(file)).Message,
            StringComparison.Ordinal);
        (Good with { Lora = Good.Lora with { Rank = 1 } }).Validate(file);
        (Good with { Lora = Good.Lora with { Rank = 4000 } }).Validate("nobody/no-such-model"); // not here: told when it is loaded
    }

    [Fact]
    public void A_disk_too_full_for_the_checkpoints_is_refused_before_anything_is_loaded()
    {
        var huge = Shape(("conv_in", 1L << 30, 1L << 20)) with { TotalNumbers = 1L << 50 };
        var message = Assert.ThrowsAny<BadInputException>(() =>
            huge.Check(Good with { Method = TrainMethod.DreamBooth, Saving = Good.Saving with { Every = 1 } })).Message;
        Assert.Contains("disk is too full", message, StringComparison.Ordinal);
        Assert.Contains("3 checkpoints", message, StringComparison.Ordinal);
        Assert.Contains("Saving.KeepLast", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prior_loss_weight_may_change_in_a_straight_line()
    {
        var options = Good with
        {
            Loss = Good.Loss with { PriorLossWeight = 1, PriorLossWeightEnd = 0.2 },
            Intervals = Good.Intervals with { Epochs = 5 }
        };
        Assert.Equal([1, 0.8, 0.6, 0.4, 0.2], Enumerable.Range(0, 5).Select(epoch => Math.Round(options.PriorLossWeightAt(epoch), 12)));
    }

    [Theory]
    [InlineData(null, "loras/NAME.safetensors")]
    [InlineData("x.safetensors", "x.safetensors")]
    [InlineData("runs/a", "runs/a/NAME.safetensors")]
    public void A_LoRA_goes_into_a_file_named_after_the_pictures(string? output, string expected) =>
        Assert.Equal(expected.Replace("NAME", Path.GetFileName(_folder)),
            (Good with { Saving = Good.Saving with { Output = output } }).OutputPath);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static BaseShape Shape(params (string Layer, long Out, long In)[] layers) =>
        new(layers.ToDictionary(layer => layer.Layer + ".weight", layer => (IReadOnlyList<long>)[layer.Out, layer.In]),
            new Dictionary<string, IReadOnlyList<long>>(), 1000);

    private TrainOptions With(string flags)
    {
        var options = Good;
        foreach (var pair in flags.Split('|').Chunk(2))
        {
            var setting = Setting.All.Single(setting => setting.Flag == pair[0]);
            options = setting.With(options, SettingText.Read(setting, [pair[1]]));
        }

        return options;
    }

    private static void Refuses(TrainOptions options, string names)
    {
        var message = Assert.ThrowsAny<BadInputException>(options.Validate).Message;
        Assert.Contains(names, message, StringComparison.Ordinal);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
    }
}
