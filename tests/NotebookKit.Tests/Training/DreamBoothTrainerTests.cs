using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Training;
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
        var progress = new Recorder(report => { if (report.History.Count == 4) stop.Cancel(); });
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
            .Train(new Recorder(report => { if (report.Samples is { } grid) grids.Add(grid); }));
        Assert.Equal([2, 3], grids.Select(grid => grid.Epoch));
        Assert.Equal(result.Samples, grids);
        Assert.All(grids, grid => Assert.True(File.Exists(grid.Path)));
        Assert.Equal(grids[0].Grid.Pixels, grids[1].Grid.Pixels); // nothing was learned, so the seeds must give the same
    }

    [Fact]
    public void Every_step_is_reported_with_the_time_that_is_left()
    {
        var reports = new List<TrainProgress>();
        using var sd = StableDiffusion.Load(tiny.Folder);
        new DreamBoothTrainer(sd, Options).Train(new Recorder(reports.Add));
        var training = reports.Where(report => report.Stage == "training").ToList();
        Assert.Equal(Enumerable.Range(1, 9), training.Select(report => report.Step));
        Assert.Equal([1, 1, 1, 2, 2, 2, 3, 3, 3], training.Select(report => report.Epoch));
        Assert.Equal(TimeSpan.Zero, training[^1].Remaining);
        Assert.Contains("left", training[4].Line(), StringComparison.Ordinal);
        Assert.Contains(reports, report => report.Stage == "painting class images" && report.TotalSteps == 4);
    }

    [Fact]
    public void Captions_beside_the_pictures_replace_filewords()
    {
        var same = Train(Options with { ClassPrompt = null });
        var captions = Train(Options with { ClassPrompt = null, InstancePrompt = TrainOptions.FileWords });
        Assert.NotEqual(same.History, captions.History);
    }

    [Fact]
    public void Accumulation_makes_fewer_optimizer_steps() =>
        Assert.Equal(4, Train(Options with { GradientAccumulation = 2 }).History.Count); // 9 batches

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

    private sealed class Recorder(Action<TrainProgress> report) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => report(value);
    }
}
