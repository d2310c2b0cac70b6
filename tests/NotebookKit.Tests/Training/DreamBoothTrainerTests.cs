using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

public sealed class DreamBoothTrainerTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-train-").FullName;

    private TrainOptions Options => new()
    {
        InstanceDir = tiny.Pictures,
        InstancePrompt = "a photo of zwx toy",
        ClassPrompt = "a photo of a toy",
        ClassImages = 4,
        SampleSteps = 2,
        Epochs = 3,
        Rank = 2,
        Seed = 5,
        Output = Path.Combine(_folder, "toy.safetensors"),
    };

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
        Assert.All(Train(Options with { PriorLossWeight = 0.25 }).History, step => Assert.Equal(step.InstanceLoss + (0.25 * step.PriorLoss!.Value), step.Loss, 5));

    [Fact]
    public void A_LoRA_run_leaves_the_base_as_it_was_and_a_file_that_brings_the_change_back()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var before = Predict(sd);
        var result = new DreamBoothTrainer(sd, Options with { SaveAs = ScalarType.Float32 }).Train();
        Assert.True(Predict(sd).Equals(before));
        using (var network = LoraNetwork.Load(result.Output, sd))
            Assert.False(Predict(sd).Equals(before));
        Assert.True(Predict(sd).Equals(before));
        Assert.Equal("2", Safetensors.ReadMetadata(result.Output)["ss_network_dim"]);
        Assert.Equal("9", Safetensors.ReadMetadata(result.Output)["ss_steps"]);
    }

    [Fact]
    public void A_full_fine_tune_leaves_a_folder_that_loads_and_predicts_otherwise()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var before = Predict(sd);
        var result = new DreamBoothTrainer(sd, Options with { Method = TrainMethod.DreamBooth, Output = Path.Combine(_folder, "model"), SaveAs = ScalarType.Float32, TrainTextEncoder = true }).Train();
        using var trained = StableDiffusion.Load(result.Output);
        Assert.False(Predict(trained).Equals(before));
        Assert.True(Predict(trained).Equals(Predict(sd)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder, "*.unfinished"));
    }

    [Theory]
    [InlineData("model.ckpt")]
    [InlineData("model.safetensors")]
    public void A_full_fine_tune_can_be_one_file_for_the_web_UI(string name)
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var result = new DreamBoothTrainer(sd, Options with { Method = TrainMethod.DreamBooth, Output = Path.Combine(_folder, name), SaveAs = ScalarType.Float32, SaveEvery = 1, KeepLast = 1, Epochs = 2 }).Train();
        using var trained = StableDiffusion.Load(result.Output);
        Assert.True(Predict(trained).Equals(Predict(sd)));
        Assert.Equal(["epoch-0001-step-000003.state.safetensors", "epoch-0001-step-000003" + Path.GetExtension(name)], Directory.GetFiles(Path.Combine(_folder, "checkpoints", "model")).Select(Path.GetFileName).OrderByDescending(file => file!.Contains("state", StringComparison.Ordinal)));
    }

    [Fact]
    public void Training_the_text_encoder_too_gives_the_file_its_adapters()
    {
        var result = Train(Options with { TrainTextEncoder = true });
        var keys = Safetensors.Load(result.Output);
        var text = keys.Where(key => key.Key.StartsWith("lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_up", StringComparison.Ordinal)).ToList();
        Assert.True(Assert.Single(text).Value.abs().max().to(ScalarType.Float32).item<float>() > 0);
    }

    [Fact]
    public void Without_a_class_prompt_there_is_no_prior_loss_and_no_class_image()
    {
        var result = Train(Options with { ClassPrompt = null });
        Assert.All(result.History, step => Assert.Null(step.PriorLoss));
        Assert.False(Directory.Exists(Path.Combine(_folder, "class-images")));
    }

    [Fact]
    public void A_run_that_is_stopped_saves_what_it_has()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Recorder(report => { if (report is StepEvent { Step.Step: 3 }) stop.Cancel(); });
        using var sd = StableDiffusion.Load(tiny.Folder);
        var result = new DreamBoothTrainer(sd, Options).Train(progress, stop.Token);
        Assert.True(result.Stopped);
        Assert.Equal(4, result.History.Count);
        Assert.Equal("4", Safetensors.ReadMetadata(result.Output)["ss_steps"]);
    }

    [Fact]
    public void Grids_come_every_few_epochs_and_at_the_end_from_the_same_seeds()
    {
        var grids = new List<SampleGrid>();
        using var sd = StableDiffusion.Load(tiny.Folder);
        var result = new DreamBoothTrainer(sd, Options with { SampleEvery = 2, SamplesPerPrompt = 2, LearningRate = 1e-12 })
            .Train(new Recorder(report => { if (report is SamplesEvent { Samples: var grid }) grids.Add(grid); }));
        Assert.Equal([2, 3], grids.Select(grid => grid.Epoch));
        Assert.Equal(result.Samples, grids);
        Assert.All(grids, grid => Assert.True(File.Exists(grid.Path)));
        Assert.Equal(grids[0].Grid.Pixels, grids[1].Grid.Pixels); // nothing was learned, so the seeds must give the same
    }

    [Fact]
    public void A_first_grid_shows_what_the_base_makes_of_the_prompts()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var plain = sd.Sample(new SampleOptions { Prompt = "a photo of a toy", Count = 2, Steps = 2, GuidanceScale = 3, Seed = Options.Seed });
        var grids = new DreamBoothTrainer(sd, Options with { SampleEvery = 3, SampleAtFirst = true, SamplesPerPrompt = 2, SampleSteps = 2, SampleGuidance = 3, SamplePrompts = ["a photo of a toy", "a toy"] }).Train().Samples;
        Assert.Equal([0, 3], grids.Select(grid => grid.Epoch));
        Assert.Equal(["a photo of a toy", "a toy"], grids[0].Rows.Select(row => row.Prompt));
        Assert.Equal(plain.Select(picture => picture.Pixels), grids[0].Rows[0].Pictures.Select(picture => picture.Pixels));
        Assert.NotEqual(grids[0].Rows[0].Pictures[0].Pixels, grids[1].Rows[0].Pictures[0].Pixels);
    }

    [Fact]
    public void Every_step_is_reported_with_the_time_that_is_left()
    {
        var reports = new List<TrainEvent>();
        using var sd = StableDiffusion.Load(tiny.Folder);
        new DreamBoothTrainer(sd, Options).Train(new Recorder(reports.Add));
        var steps = reports.OfType<StepEvent>().ToList();
        Assert.Equal(Enumerable.Range(0, 9), steps.Select(report => report.Step.Step));
        Assert.Equal([1, 1, 1, 2, 2, 2, 3, 3, 3], steps.Select(report => report.Step.Epoch));
        Assert.Equal(Enumerable.Range(1, 9), steps.Select(report => report.Step.PicturesSeen));
        Assert.All(steps, report => Assert.Equal((9, 3), (report.TotalSteps, report.Epochs)));
        Assert.Equal(TimeSpan.Zero, steps[^1].Remaining);
        Assert.Contains("left", steps[4].Line(), StringComparison.Ordinal);
        Assert.Contains(reports, report => report is StageEvent { Stage: "painting class images", Total: 4 });
        Assert.IsType<FinishedEvent>(reports[^1]);
    }

    [Fact]
    public async Task The_stream_the_callback_and_the_log_tell_the_same()
    {
        var streamed = new List<TrainEvent>();
        using var sd = StableDiffusion.Load(tiny.Folder);
        await foreach (var happened in new DreamBoothTrainer(sd, Options with { SampleEvery = 3 }).TrainAsync(TestContext.Current.CancellationToken))
            streamed.Add(happened);
        var called = new List<TrainEvent>();
        new DreamBoothTrainer(sd, Options with { SampleEvery = 3, Output = Path.Combine(_folder, "again.safetensors") }).Train(new Recorder(called.Add));
        Assert.Equal(Steps(streamed), Steps(called));

        // The log is the stream, event by event, and reads back as it.
        var log = Path.Combine(_folder, "toy.log.jsonl");
        Assert.Equal(streamed.Select(happened => System.Text.Json.JsonSerializer.Serialize(happened, TrainLog.Json)), File.ReadAllLines(log));
        Assert.Equal(Kinds(streamed), Kinds(called));
        var read = TrainLog.Read(log);
        Assert.Equal(Steps(streamed), Steps(read));
        Assert.Equal(streamed.Select(happened => happened.Line()), read.Select(happened => happened.Line()));
        Assert.Equal(streamed.OfType<SamplesEvent>().Single().Samples.Grid.Pixels, read.OfType<SamplesEvent>().Single().Samples.Grid.Pixels);

        var lines = File.ReadAllLines(log).Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!).ToList();
        Assert.Equal(streamed.Count, lines.Count);
        var logged = lines.Where(line => (string?)line["event"] == "step").ToList();
        Assert.Equal(Steps(streamed).Select(step => step.Loss), logged.Select(line => (double)line["step"]!["loss"]!));
        Assert.Contains(lines, line => (string?)line["event"] == "samples");
        Assert.Equal("finished", (string?)lines[^1]["event"]);

        // The second run finds the class images of the first.
        static IEnumerable<Type> Kinds(IEnumerable<TrainEvent> events) => events.Where(happened => happened is not StageEvent).Select(happened => happened.GetType());

        static List<StepRecord> Steps(IEnumerable<TrainEvent> events) => [.. events.OfType<StepEvent>().Select(step => step.Step)];
    }

    [Fact]
    public async Task Whoever_stops_listening_stops_the_run()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var before = Predict(sd);
        await foreach (var happened in new DreamBoothTrainer(sd, Options with { Epochs = 100_000 }).TrainAsync(TestContext.Current.CancellationToken))
        {
            if (happened is StepEvent { Step.Step: 5 })
                break;
        }

        Assert.True(Predict(sd).Equals(before)); // the adapters are off
    }

    [Fact]
    public async Task A_bad_setting_is_told_by_the_stream_too()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        await Assert.ThrowsAsync<BadInputException>(async () =>
        {
            await foreach (var _ in new DreamBoothTrainer(sd, Options with { Rank = 0 }).TrainAsync(TestContext.Current.CancellationToken))
            {
            }
        });
    }

    [Fact]
    public void Captions_beside_the_pictures_replace_filewords()
    {
        var same = Train(Options with { ClassPrompt = null });
        var captions = Train(Options with { ClassPrompt = null, InstancePrompt = TrainOptions.FileWords });
        Assert.NotEqual(same.History, captions.History);
    }

    [Theory]
    [InlineData("cosine_with_restarts", 4)] // falls to 0 and begins anew in the middle of nine steps
    [InlineData("cosine_with_restarts", 1)]
    public void A_schedules_own_settings_reach_the_steps(string schedule, int cycles)
    {
        var rates = Train(Options with { ClassPrompt = null, Schedule = schedule, ScheduleCycles = cycles, LearningRate = 1e-3 }).History.Select(step => step.LearningRate).ToList();
        Assert.Equal(new LrSchedule(schedule, 1e-3, 0, 9) { Cycles = cycles }.Rates(), rates);
        Assert.Equal(cycles > 1, rates.Zip(rates.Skip(1)).Any(pair => pair.Second > pair.First));
    }

    [Fact]
    public void Polynomials_and_pieces_take_their_numbers()
    {
        var options = Options with { ClassPrompt = null, LearningRate = 1e-3 };
        Assert.Equal(new LrSchedule("polynomial", 1e-3, 0, 9) { Power = 2, End = 1e-5 }.Rates(), Rates(options with { Schedule = "polynomial", SchedulePower = 2, ScheduleEnd = 1e-5 }));
        Assert.Equal([1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 1e-4, 1e-4], Rates(options with { Schedule = "piecewise_constant", ScheduleRules = "1:4,0.1" }));

        IEnumerable<double> Rates(TrainOptions settings) => Train(settings).History.Select(step => step.LearningRate);
    }

    [Fact]
    public void Negative_prompts_of_samples_take_captions_too()
    {
        var rows = SampleGrids.Rows(Options with { SamplePrompts = ["[filewords]", "a house"], SampleNegativePrompt = "blurry, [filewords]" }).ToList();
        Assert.Equal(4, rows.Count);
        Assert.Equal(("a zwx toy, view 1", "blurry, a zwx toy, view 1"), (rows[1].Prompt, rows[1].Negative));
        Assert.Equal(("a house", "blurry, a zwx toy, view 0"), (rows[3].Prompt, rows[3].Negative));
    }

    [Fact]
    public void A_miniature_draws_at_the_guidance_that_its_card_recommends()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var options = Options.ForBase(sd);
        Assert.Equal((3.0, 3.0), (options.SampleGuidance, options.ClassGuidance));
        Assert.Contains("guidance scale 3.", File.ReadAllText(Path.Combine(House.Root, "data", "base-mini", "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Accumulation_makes_fewer_optimizer_steps() =>
        Assert.Equal(6, Train(Options with { GradientAccumulation = 2 }).History.Count); // 2 of 3 pictures, then the third, in each epoch

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(3, 1, true)]
    [InlineData(2, 2, false)]
    public void Accumulation_and_checkpointing_give_the_weights_of_the_large_batch(int batch, int accumulation, bool checkpointing)
    {
        var options = Options with { BatchSize = 3, LearningRate = 1e-4, SaveAs = ScalarType.Float32, Targets = LoraTargets.Extended, Flip = true };
        var large = Safetensors.Load(Train(options).Output);
        var small = Safetensors.Load(Train(options with { BatchSize = batch, GradientAccumulation = accumulation, GradientCheckpointing = checkpointing }).Output);
        // AdamW divides by the gradient's size, so that of a gradient that is nearly zero it makes a step of its rounding: single
        // weights may differ by a step each, all of them together (up began at zero: it is its own move) hardly.
        var moved = large.Where(pair => pair.Key.Contains("lora_up", StringComparison.Ordinal)).Sum(pair => pair.Value.square().sum().item<float>());
        Assert.InRange(Math.Sqrt(large.Sum(pair => (pair.Value - small[pair.Key]).square().sum().item<float>()) / moved), 0, 5e-3);
    }

    [Fact]
    public void Class_images_are_painted_before_anything_is_attached_and_used_again()
    {
        Train(Options);
        var folder = Path.Combine(_folder, "class-images", "a-photo-of-a-toy");
        var painted = Directory.EnumerateFiles(folder, "*.png").Order().ToDictionary(file => file, File.GetLastWriteTimeUtc);
        Assert.Equal(4, painted.Count);
        Assert.Equal("a photo of a toy", File.ReadAllText(Path.ChangeExtension(painted.Keys.First(), ".txt")));

        Train(Options with { ClassImages = 6, Rank = 3 });
        Assert.Equal(6, Directory.EnumerateFiles(folder, "*.png").Count());
        Assert.All(painted, file => Assert.Equal(file.Value, File.GetLastWriteTimeUtc(file.Key)));
    }

    [Fact]
    public void The_text_encoder_learns_in_the_first_part_of_the_epochs_only()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var start = sd.TextEncoder.parameters().ToList()[5].detach().clone();
        var options = (Options with { Method = TrainMethod.DreamBooth, TextEncoderRatio = 0.5, Epochs = 4, Output = Path.Combine(_folder, "model") }).ForBase(sd);
        using var weights = TrainedWeights.Create(sd, options);
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(weights.TextLearns));
        weights.BeginEpoch(2);
        Assert.All(sd.TextEncoder.parameters(), parameter => Assert.False(parameter.requires_grad));
        Assert.All(sd.UNet.parameters(), parameter => Assert.True(parameter.requires_grad));

        // Half a run with the text encoder leaves it as a quarter-longer run does: it stood still afterwards.
        using var shorter = StableDiffusion.Load(tiny.Folder);
        new DreamBoothTrainer(shorter, options with { TextEncoderRatio = 1, Epochs = 2, Output = Path.Combine(_folder, "a") }).Train();
        using var longer = StableDiffusion.Load(tiny.Folder);
        new DreamBoothTrainer(longer, options with { Output = Path.Combine(_folder, "b") }).Train();
        Assert.True(shorter.TextEncoder.parameters().ToList()[5].Equals(longer.TextEncoder.parameters().ToList()[5]));
        Assert.False(start.Equals(longer.TextEncoder.parameters().ToList()[5]));
    }

    [Fact]
    public void Several_concepts_are_learned_side_by_side()
    {
        var others = Directory.CreateDirectory(Path.Combine(_folder, "others")).FullName;
        new NotebookKit.Images.RgbImage(16, 16).SavePng(Path.Combine(others, "qvr bear.png"));
        var result = Train(Options with
        {
            MoreConcepts = [new Concept { InstanceDir = others, InstancePrompt = "[filewords]", ClassPrompt = "a bear", ClassImagesPerInstance = 2 }],
            SampleEvery = 3,
            SamplesPerPrompt = 1,
            SanityPrompt = "a house",
        });
        Assert.Equal(12, result.History.Count); // 3 + 1 pictures, 3 epochs
        Assert.All(result.History, step => Assert.NotNull(step.PriorLoss));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "class-images", "a-bear"), "*.png").Length);
    }

    [Fact]
    public void Held_out_pictures_are_measured_with_the_same_noise_each_time()
    {
        var heldOut = Directory.CreateDirectory(Path.Combine(_folder, "held-out")).FullName;
        File.Copy(Path.Combine(tiny.Pictures, "0.png"), Path.Combine(heldOut, "0.png"));
        var still = Train(Options with { HeldOutDir = heldOut, HeldOutEvery = 1, LearningRate = 1e-12 }).HeldOut;
        Assert.Equal([0, 1, 2, 3], still.Select(record => record.Epoch));
        Assert.All(still, record => Assert.Equal(still[0].HeldOut, record.HeldOut, 5));
        var trained = Train(Options with { HeldOutDir = heldOut, HeldOutEvery = 3, LearningRate = 1e-2 }).HeldOut;
        Assert.Equal(2, trained.Count);
        Assert.NotEqual(trained[0].HeldOut, trained[1].HeldOut);
    }

    [Fact]
    public void Masks_weights_and_every_other_choice_train()
    {
        var pictures = Directory.CreateDirectory(Path.Combine(_folder, "masked")).FullName;
        foreach (var file in Directory.GetFiles(tiny.Pictures))
            File.Copy(file, Path.Combine(pictures, Path.GetFileName(file)));
        var mask = new NotebookKit.Images.RgbImage(20, 24);
        mask.Pixels.AsSpan(0, mask.Pixels.Length / 2).Fill(255);
        mask.SavePng(Path.Combine(pictures, "0.mask.png"));
        var options = Options with { InstanceDir = pictures, NoiseOffset = 0.1, SnrGamma = 5, CaptionDropout = 0.2, ShuffleCaptions = true, RandomCrop = true, Flip = true, EmaDecay = 0.9, PriorLossWeightEnd = 0.1 };
        var result = Train(options);
        Assert.Equal(9, result.History.Count);
        Assert.Equal(result.History, Train(options).History);

        new NotebookKit.Images.RgbImage(20, 24).SavePng(Path.Combine(pictures, "0.mask.png"));
        Assert.Contains("0.mask.png is black", Assert.Throws<BadInputException>(() => Train(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_crops_decode_a_picture_and_its_mask_once()
    {
        var pictures = Directory.CreateDirectory(Path.Combine(_folder, "once")).FullName;
        foreach (var file in Directory.GetFiles(tiny.Pictures))
            File.Copy(file, Path.Combine(pictures, Path.GetFileName(file)));
        var mask = new NotebookKit.Images.RgbImage(20, 24);
        for (var i = 0; i < mask.Pixels.Length; i++)
            mask.Pixels[i] = (byte)(i % 256);
        mask.SavePng(Path.Combine(pictures, "0.mask.png"));
        using var sd = StableDiffusion.Load(tiny.Folder);
        var options = Options with { InstanceDir = pictures, RandomCrop = true, Flip = true, ClassPrompt = null };
        var whole = new DreamBoothTrainer(sd, options).Train().History;
        var without = new DreamBoothTrainer(sd, options).Train(new Recorder(happened =>
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
        var heldOut = Directory.CreateDirectory(Path.Combine(_folder, "held-out")).FullName;
        File.Copy(Path.Combine(tiny.Pictures, "0.png"), Path.Combine(heldOut, "0.png"));
        using var sd = StableDiffusion.Load(tiny.Folder, dtype: ScalarType.BFloat16);
        var result = new DreamBoothTrainer(sd, Options with
        {
            Method = method,
            Output = Path.Combine(_folder, method is TrainMethod.DreamBooth or TrainMethod.Imagic ? "model" : "toy.safetensors"),
            InstanceToken = "zwx",
            ClassToken = "toy",
            HeldOutDir = heldOut,
            HeldOutEvery = 1,
            TrainTextEncoder = true,
            EmaDecay = 0.9,
            SampleEvery = 2,
            SaveEvery = 1,
            GradientCheckpointing = true,
            SnrGamma = 5,
            NoiseOffset = 0.05,
            BatchSize = 2,
            FreeEncoders = true,
        }).Train();
        Assert.All(result.History, step => Assert.True(double.IsFinite(step.Loss) && double.IsFinite(step.GradNorm)));
        Assert.Contains(result.History, step => step.GradNorm > 0);
        Assert.NotEmpty(result.Samples);
        Assert.NotEmpty(result.HeldOut);
    }

    [Fact]
    public void A_run_in_float16_on_a_processor_says_that_it_is_slow()
    {
        using var sd = StableDiffusion.Load(tiny.Folder, dtype: ScalarType.Float16);
        var result = new DreamBoothTrainer(sd, Options with { Epochs = 1 }).Train();
        Assert.Contains(result.Warnings, warning => warning.Contains("float16 on a processor", StringComparison.Ordinal));
        Assert.Equal("float16", RunCard.Read(result.Card!).Versions["dtype"]);
    }

    [Theory]
    [InlineData(TrainMethod.LoraExtended)]
    [InlineData(TrainMethod.Lora)]
    public void The_extended_method_adapts_convolutions_too(TrainMethod method)
    {
        var keys = Safetensors.Load(Train(Options with { Method = method, Epochs = 1 }).Output).Keys;
        Assert.Equal(method == TrainMethod.LoraExtended, keys.Any(key => key.Contains("resnets", StringComparison.Ordinal)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private TrainResult Train(TrainOptions options)
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        return new DreamBoothTrainer(sd, options).Train();
    }

    private static Tensor Predict(StableDiffusion sd)
    {
        using var grad = no_grad();
        var latents = randn([1, 4, 8, 8], generator: new Generator(3));
        return sd.UNet.call(latents, tensor(new long[] { 500 }), sd.EncodePrompts(["a photo of zwx toy"]));
    }

    private sealed class Recorder(Action<TrainEvent> report) : IProgress<TrainEvent>
    {
        public void Report(TrainEvent value) => report(value);
    }
}
