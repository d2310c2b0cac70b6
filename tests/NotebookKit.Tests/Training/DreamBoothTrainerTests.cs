using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

public sealed class DreamBoothTrainerTests(TinyBase tiny) : ToyTraining(tiny)
{
    [Fact]
    public void The_same_seed_gives_the_same_losses_to_the_last_bit()
    {
        var first = Train(Options).History;
        var again = Train(Options).History;
        Assert.Equal(9, first.Count);
        Assert.Equal(first, again);
        Assert.NotEqual(first, Train(Options with { Seed = 6 }).History);
    }

    [Fact]
    public void The_loss_is_the_instance_loss_plus_the_weighted_prior_loss() =>
        Assert.All(Train(Options with { Loss = Options.Loss with { PriorLossWeight = 0.25 } }).History,
            step => Assert.Equal(step.InstanceLoss + (0.25 * step.PriorLoss!.Value), step.Loss, 5));

    [Fact]
    public void A_LoRA_run_leaves_the_base_as_it_was_and_a_file_that_brings_the_change_back()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var before = Predict(sd);
        var result = new DreamBoothTrainer(sd, Options with { Saving = Options.Saving with { As = ScalarType.Float32 } }).Train();
        Assert.True(Predict(sd).Equals(before));
        using (var network = LoraNetwork.Load(result.Output, sd))
            Assert.False(Predict(sd).Equals(before));
        Assert.True(Predict(sd).Equals(before));
        Assert.Equal("2", Safetensors.ReadMetadata(result.Output)["ss_network_dim"]);
        Assert.Equal("9", Safetensors.ReadMetadata(result.Output)["ss_steps"]);
    }

    [Fact]
    public void A_full_fine_tune_leaves_aFolder_that_loads_and_predicts_otherwise()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var before = Predict(sd);
        var result = new DreamBoothTrainer(sd,
            Options with
            {
                Method = TrainMethod.DreamBooth,
                Saving = Options.Saving with { Output = Path.Combine(Folder, "model"), As = ScalarType.Float32 },
                TrainTextEncoder = true
            }).Train();
        using var trained = StableDiffusion.Load(result.Output);
        Assert.False(Predict(trained).Equals(before));
        Assert.True(Predict(trained).Equals(Predict(sd)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder, "*.unfinished"));
    }

    [Theory]
    [InlineData("model.ckpt")]
    [InlineData("model.safetensors")]
    public void A_full_fine_tune_can_be_one_file_for_the_web_UI(string name)
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var result = new DreamBoothTrainer(sd,
            Options with
            {
                Method = TrainMethod.DreamBooth,
                Saving = Options.Saving with { Output = Path.Combine(Folder, name), As = ScalarType.Float32, Every = 1, KeepLast = 1 },
                Intervals = Options.Intervals with { Epochs = 2 }
            }).Train();
        using var trained = StableDiffusion.Load(result.Output);
        Assert.True(Predict(trained).Equals(Predict(sd)));
        Assert.Equal(["epoch-0002-step-000006.state.safetensors", "epoch-0002-step-000006" + Path.GetExtension(name)],
            Directory.GetFiles(Path.Combine(Folder, "checkpoints", "model")).Select(Path.GetFileName)
                .OrderByDescending(file => file!.Contains("state", StringComparison.Ordinal)));
    }

    [Fact]
    public void Training_the_text_encoder_too_gives_the_file_its_adapters()
    {
        var result = Train(Options with { TrainTextEncoder = true });
        var keys = Safetensors.Load(result.Output);
        var text = keys.Where(key => key.Key.StartsWith("lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_up",
            StringComparison.Ordinal)).ToList();
        Assert.True(Assert.Single(text).Value.abs().max().to(ScalarType.Float32).item<float>() > 0);
    }

    [Fact]
    public void Without_a_class_prompt_there_is_no_prior_loss_and_no_class_image()
    {
        var result = Train(Options with { Concepts = [Options.Concepts[0] with { ClassPrompt = null }] });
        Assert.All(result.History, step => Assert.Null(step.PriorLoss));
        Assert.False(Directory.Exists(Path.Combine(Folder, "class-images")));
    }

    [Fact]
    public void A_run_that_is_stopped_saves_what_it_has()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Heard<TrainEvent>(report => { if (report is StepEvent { Step.Step: 3 }) stop.Cancel(); });
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var result = new DreamBoothTrainer(sd, Options).Train(progress, stop.Token);
        Assert.True(result.Stopped);
        Assert.Equal(4, result.History.Count);
        Assert.Equal("4", Safetensors.ReadMetadata(result.Output)["ss_steps"]);
    }

    [Fact]
    public void Captions_beside_the_pictures_replace_filewords()
    {
        var same = Train(Options with { Concepts = [Options.Concepts[0] with { ClassPrompt = null }] });
        var captions = Train(Options with
        { Concepts = [Options.Concepts[0] with { ClassPrompt = null, InstancePrompt = TrainOptions.FileWords }] });
        Assert.NotEqual(same.History, captions.History);
    }

    [Theory]
    [InlineData("cosine_with_restarts", 4)] // falls to 0 and begins anew in the middle of nine steps
    [InlineData("cosine_with_restarts", 1)]
    public void A_schedules_own_settings_reach_the_steps(string schedule, int cycles)
    {
        var rates = Train(Options with
        {
            Concepts = [Options.Concepts[0] with { ClassPrompt = null }],
            Learning = Options.Learning with { Schedule = schedule, Cycles = cycles, Rate = 1e-3 }
        }).History.Select(step =>
                step.LearningRate).ToList();
        Assert.Equal(new LrSchedule(schedule, 1e-3, 0, 9) { Cycles = cycles }.Rates(), rates);
        Assert.Equal(cycles > 1, rates.Zip(rates.Skip(1)).Any(pair => pair.Second > pair.First));
    }

    [Fact]
    public void Polynomials_and_pieces_take_their_numbers()
    {
        var options = Options with
        {
            Concepts = [Options.Concepts[0] with { ClassPrompt = null }],
            Learning = Options.Learning with { Rate = 1e-3 }
        };
        Assert.Equal(new LrSchedule("polynomial", 1e-3, 0, 9) { Power = 2, End = 1e-5 }.Rates(),
            Rates(options with { Learning = options.Learning with { Schedule = "polynomial", Power = 2, End = 1e-5 } }));
        Assert.Equal([1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 1e-4, 1e-4],
            Rates(options with { Learning = options.Learning with { Schedule = "piecewise_constant", Rules = "1:4,0.1" } }));

        IEnumerable<double> Rates(TrainOptions settings) => Train(settings).History.Select(step => step.LearningRate);
    }

    [Fact]
    public void Negative_prompts_of_samples_take_captions_too()
    {
        var rows = SampleGrids.Rows((Options with
        {
            Concepts = [Options.Concepts[0] with { SamplePrompts = ["[filewords]", "a house"],
                SampleNegativePrompt = "blurry, [filewords]" }]
        }).Concepts[0]).ToList();
        Assert.Equal(4, rows.Count);
        Assert.Equal(("a zwx toy, view 1", "blurry, a zwx toy, view 1"), (rows[1].Prompt, rows[1].Negative));
        Assert.Equal(("a house", "blurry, a zwx toy, view 0"), (rows[3].Prompt, rows[3].Negative));
    }

    [Fact]
    public void A_miniature_draws_at_the_guidance_that_its_card_recommends()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var options = Options.ForBase(sd);
        Assert.Equal((3.0, 3.0), (options.Samples.Guidance, options.Concepts[0].ClassGuidance));
        Assert.Contains("guidance scale 3.", File.ReadAllText(Path.Combine(House.Root, "data", "base-mini", "README.md")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Accumulation_makes_fewer_optimizer_steps() =>
        Assert.Equal(6, Train(Options with
        {
            Intervals = Options.Intervals with
            { GradientAccumulation = 2 }
        }).History.Count); // 2 of 3 pictures, then the third, in each epoch

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(3, 1, true)]
    [InlineData(2, 2, false)]
    public void Accumulation_and_checkpointing_give_the_weights_of_the_large_batch(int batch, int accumulation, bool checkpointing)
    {
        var options = Options with
        {
            Intervals = Options.Intervals with { BatchSize = 3 },
            Learning = Options.Learning with { Rate = 1e-4 },
            Saving = Options.Saving with { As = ScalarType.Float32 },
            Lora = Options.Lora with { Targets = LoraTargets.Extended },
            Images = Options.Images with { Flip = true }
        };
        var large = Safetensors.Load(Train(options).Output);
        var small = Safetensors.Load(Train(options with
        {
            Intervals = options.Intervals with { BatchSize = batch, GradientAccumulation = accumulation },
            Memory = options.Memory with { GradientCheckpointing = checkpointing }
        }).Output);
        // AdamW divides by the gradient's size, so that of a gradient that is nearly zero it makes a step of its rounding: single
        // weights may differ by a step each, all of them together (up began at zero: it is its own move) hardly.
        var moved = large.Where(pair => pair.Key.Contains("lora_up", StringComparison.Ordinal))
            .Sum(pair => pair.Value.square().sum().item<float>());
        Assert.InRange(Math.Sqrt(large.Sum(pair => (pair.Value - small[pair.Key]).square().sum().item<float>()) / moved), 0, 5e-3);
    }

    [Fact]
    public void Class_images_are_painted_before_anything_is_attached_and_used_again()
    {
        Train(Options);
        var folder = Path.Combine(Folder, "class-images", "a-photo-of-a-toy");
        var painted = Directory.EnumerateFiles(folder, "*.png").Order().ToDictionary(file => file, File.GetLastWriteTimeUtc);
        Assert.Equal(4, painted.Count);
        Assert.Equal("a photo of a toy", File.ReadAllText(Path.ChangeExtension(painted.Keys.First(), ".txt")));

        Train(Options with { Concepts = [Options.Concepts[0] with { ClassImages = 6 }], Lora = Options.Lora with { Rank = 3 } });
        Assert.Equal(6, Directory.EnumerateFiles(folder, "*.png").Count());
        Assert.All(painted, file => Assert.Equal(file.Value, File.GetLastWriteTimeUtc(file.Key)));
    }

    [Fact]
    public void The_text_encoder_learns_in_the_first_part_of_the_epochs_only()
    {
        using var sd = StableDiffusion.Load(Tiny.Folder);
        var start = sd.TextEncoder.parameters().ToList()[5].detach().clone();
        var options = (Options with
        {
            Method = TrainMethod.DreamBooth,
            TextEncoderRatio = 0.5,
            Intervals = Options.Intervals with { Epochs = 4 },
            Saving = Options.Saving with { Output = Path.Combine(Folder, "model") }
        }).ForBase(sd);
        using var weights = TrainedWeights.Create(sd, options);
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(weights.TextLearns));
        weights.BeginEpoch(2);
        Assert.All(sd.TextEncoder.parameters(), parameter => Assert.False(parameter.requires_grad));
        Assert.All(sd.UNet.parameters(), parameter => Assert.True(parameter.requires_grad));

        // Half a run with the text encoder leaves it as a quarter-longer run does: it stood still afterwards.
        using var shorter = StableDiffusion.Load(Tiny.Folder);
        new DreamBoothTrainer(shorter, options with
        {
            TextEncoderRatio = 1,
            Intervals = options.Intervals with { Epochs = 2 },
            Saving = options.Saving with { Output = Path.Combine(Folder, "a") }
        }).Train();
        using var longer = StableDiffusion.Load(Tiny.Folder);
        new DreamBoothTrainer(longer, options with { Saving = options.Saving with { Output = Path.Combine(Folder, "b") } }).Train();
        Assert.True(shorter.TextEncoder.parameters().ToList()[5].Equals(longer.TextEncoder.parameters().ToList()[5]));
        Assert.False(start.Equals(longer.TextEncoder.parameters().ToList()[5]));
    }

    [Fact]
    public void Several_concepts_are_learned_side_by_side()
    {
        var others = Directory.CreateDirectory(Path.Combine(Folder, "others")).FullName;
        new NotebookKit.Images.RgbImage(16, 16).SavePng(Path.Combine(others, "qvr bear.png"));
        var result = Train(Options with
        {
            Concepts = [Options.Concepts[0] with { SamplesPerPrompt = 1 },
                new() { InstanceDir = others, InstancePrompt = "[filewords]", ClassPrompt = "a bear", ClassImagesPerInstance = 2 }],
            Samples = Options.Samples with { Every = 3, SanityPrompt = "a house" },
        });
        Assert.Equal(12, result.History.Count); // 3 + 1 pictures, 3 epochs
        Assert.All(result.History, step => Assert.NotNull(step.PriorLoss));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(Folder, "class-images", "a-bear"), "*.png").Length);
    }
}
