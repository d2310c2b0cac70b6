using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>What a run does besides the usual.</summary>
public sealed class TrainerChoicesTests(TinyBase tiny) : ToyTraining(tiny)
{
    [Fact]
    public void A_folder_named_as_kohyas_shows_each_picture_as_often_as_it_says()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "2_zkr toy")).FullName;
        foreach (var file in Directory.GetFiles(Tiny.Pictures, "*.png"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var result = Train(Options with
        {
            Concepts = [new() { InstanceDir = folder, InstancePrompt = "" }],
            Intervals = Options.Intervals with { Epochs = 1 },
        });
        Assert.Equal(6, result.History.Count);
        Assert.Contains(result.Warnings, told => told.Contains("each picture 2 times in an epoch", StringComparison.Ordinal));
        Assert.Equal(["zkr toy", "zkr toy", "zkr toy"], RunCard.Read(Path.Combine(Folder, "toy.card.json")).Prompts!
            .Select(picture => picture.Value.Split(" / ")[0]));
    }

    [Fact]
    public void Held_out_pictures_are_measured_with_the_same_noise_each_time()
    {
        var heldOut = Directory.CreateDirectory(Path.Combine(Folder, "held-out")).FullName;
        File.Copy(Path.Combine(Tiny.Pictures, "0.png"), Path.Combine(heldOut, "0.png"));
        var still = Train(Options with
        {
            Samples = Options.Samples with { HeldOutDir = heldOut, HeldOutEvery = 1 },
            Learning = Options.Learning with { Rate = 1e-12 }
        }).HeldOut;
        Assert.Equal([0, 1, 2, 3], still.Select(record => record.Epoch));
        Assert.All(still, record => Assert.Equal(still[0].HeldOut, record.HeldOut, 5));
        var trained = Train(Options with
        {
            Samples = Options.Samples with { HeldOutDir = heldOut, HeldOutEvery = 3 },
            Learning = Options.Learning with { Rate = 1e-2 }
        }).HeldOut;
        Assert.Equal(2, trained.Count);
        Assert.NotEqual(trained[0].HeldOut, trained[1].HeldOut);
    }

    [Fact]
    public void Masks_weights_and_every_other_choice_train()
    {
        var pictures = Directory.CreateDirectory(Path.Combine(Folder, "masked")).FullName;
        foreach (var file in Directory.GetFiles(Tiny.Pictures))
            File.Copy(file, Path.Combine(pictures, Path.GetFileName(file)));
        var mask = new NotebookKit.Images.RgbImage(20, 24);
        mask.Pixels.AsSpan(0, mask.Pixels.Length / 2).Fill(255);
        mask.SavePng(Path.Combine(pictures, "0.mask.png"));
        var options = Options with
        {
            Concepts = [Options.Concepts[0] with { InstanceDir = pictures }],
            Loss = Options.Loss with { NoiseOffset = 0.1, SnrGamma = 5, PriorLossWeightEnd = 0.1 },
            Images = Options.Images with { CaptionDropout = 0.2, ShuffleCaptions = true, RandomCrop = true, Flip = true },
            Learning = Options.Learning with { EmaDecay = 0.9 }
        };
        var result = Train(options);
        Assert.Equal(9, result.History.Count);
        Assert.Equal(result.History, Train(options).History);

        new NotebookKit.Images.RgbImage(20, 24).SavePng(Path.Combine(pictures, "0.mask.png"));
        Assert.Contains("0.mask.png is black", Assert.ThrowsAny<BadInputException>(() => Train(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_crops_decode_a_picture_and_its_mask_once()
    {
        var pictures = Directory.CreateDirectory(Path.Combine(Folder, "once")).FullName;
        foreach (var file in Directory.GetFiles(Tiny.Pictures))
            File.Copy(file, Path.Combine(pictures, Path.GetFileName(file)));
        var mask = new NotebookKit.Images.RgbImage(20, 24);
        for (var i = 0; i < mask.Pixels.Length; i++)
            mask.Pixels[i] = (byte)(i % 256);
        mask.SavePng(Path.Combine(pictures, "0.mask.png"));
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var options = Options with
        {
            Concepts = [Options.Concepts[0] with { InstanceDir = pictures, ClassPrompt = null }],
            Images = Options.Images with { RandomCrop = true, Flip = true }
        };
        var whole = new DreamBoothTrainer(sd, options).Train().History;
        var without = new DreamBoothTrainer(sd, options).Train(new Heard<TrainEvent>(happened =>
        {
            if (happened is StepEvent { Step.Step: 0 })
            {
                foreach (var file in Directory.GetFiles(pictures, "*.png"))
                    File.Delete(file);
            }
        })).History;
        Assert.Equal(whole, without);
    }

    [Theory]
    [InlineData(TrainMethod.Lora)]
    [InlineData(TrainMethod.LoraExtended)]
    [InlineData(TrainMethod.DreamBooth)]
    [InlineData(TrainMethod.TextualInversion)]
    [InlineData(TrainMethod.Imagic)]
    public void Bfloat16_runs_whole_on_a_processor(TrainMethod method)
    {
        var heldOut = Directory.CreateDirectory(Path.Combine(Folder, "held-out")).FullName;
        File.Copy(Path.Combine(Tiny.Pictures, "0.png"), Path.Combine(heldOut, "0.png"));
        using var sd = StableDiffusion.Load(Tiny.Folder, dtype: ScalarType.BFloat16);
        var result = new DreamBoothTrainer(sd, Options with
        {
            Method = method,
            Saving = Options.Saving with
            {
                Output = Path.Combine(Folder,
                method is TrainMethod.DreamBooth or TrainMethod.Imagic ? "model" : "toy.safetensors"),
                Every = 1
            },
            Concepts = [Options.Concepts[0] with { InstanceToken = "zwx", ClassToken = "toy" }],
            Samples = Options.Samples with { HeldOutDir = heldOut, HeldOutEvery = 1, Every = 2 },
            TrainTextEncoder = true,
            Learning = Options.Learning with { EmaDecay = 0.9 },
            Memory = Options.Memory with { GradientCheckpointing = true, FreeEncoders = true },
            Loss = Options.Loss with { SnrGamma = 5, NoiseOffset = 0.05 },
            Intervals = Options.Intervals with { BatchSize = 2 },
        }).Train();
        Assert.All(result.History, step => Assert.True(double.IsFinite(step.Loss) && double.IsFinite(step.GradNorm)));
        Assert.Contains(result.History, step => step.GradNorm > 0);
        Assert.NotEmpty(result.Samples);
        Assert.NotEmpty(result.HeldOut);
    }

    [Fact]
    public void A_run_in_float16_on_a_processor_says_that_it_is_slow()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder, dtype: ScalarType.Float16);
        var result = new DreamBoothTrainer(sd, Options with { Intervals = Options.Intervals with { Epochs = 1 } }).Train();
        Assert.Contains(result.Warnings, warning => warning.Contains("float16 on a processor", StringComparison.Ordinal));
        Assert.Equal("float16", RunCard.Read(result.Card!).Versions["dtype"]);
    }

    [Theory]
    [InlineData(TrainMethod.LoraExtended)]
    [InlineData(TrainMethod.Lora)]
    public void The_extended_method_adapts_convolutions_too(TrainMethod method)
    {
        var keys = Safetensors.Load(Train(Options with { Method = method, Intervals = Options.Intervals with { Epochs = 1 } }).Output).Keys;
        Assert.Equal(method == TrainMethod.LoraExtended, keys.Any(key => key.Contains("resnets", StringComparison.Ordinal)));
    }
}
