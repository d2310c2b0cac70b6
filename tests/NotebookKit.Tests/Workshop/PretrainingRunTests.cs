using NotebookKit.Pipeline;
using NotebookKit.Workshop.Pretraining;

namespace NotebookKit.Tests.Workshop;

public sealed class PretrainingRunTests(PretrainingRunTests.WholeRun whole) : IClassFixture<PretrainingRunTests.WholeRun>, IDisposable
{
    private static readonly string[] WeightFiles =
        ["unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"];

    private readonly string _root = Directory.CreateTempSubdirectory("pretrain").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>One small model made without a stop, for all tests here.</summary>
    public sealed class WholeRun : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("pretrained").FullName;

        public WholeRun()
        {
            Options = PretrainingRunTests.Options(_root);
            Result = Pretrainer.Run(Options);
        }

        public PretrainOptions Options { get; }

        public PretrainResult Result { get; }

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }

    private static PretrainOptions Options(string folder) =>
        new() { Preset = PretrainPreset.Smoke, Output = folder, Steps = 12, Seed = 3, Workers = 1 };

    [Fact]
    public void A_run_that_was_stopped_in_every_stage_ends_like_one_that_was_not()
    {
        Assert.True(whole.Result.Finished);
        var pieces = Options(_root);
        // A moment after a stage speaks, its updates are under way; wherever the stop falls, nothing may be lost or done twice.
        foreach (var stage in new[] { "paint", "vae", "encode", "contrastive", "denoiser" })
        {
            using var stop = new CancellationTokenSource();
            Pretrainer.Run(pieces with { Resume = true }, new Stopper(stage, stop), stop.Token);
        }
        Assert.True(Pretrainer.Run(pieces with { Resume = true }).Finished);
        foreach (var file in WeightFiles)
            Assert.Equal(Bytes(whole.Options, file), Bytes(pieces, file));

        var longer = Pretrainer.Run(pieces with { Resume = true, Steps = 16 });
        Assert.True(longer.Finished);
        Assert.Equal(16, longer.Denoiser!.Steps);
        Assert.NotEqual(Bytes(whole.Options, WeightFiles[0]), Bytes(pieces, WeightFiles[0]));
        Assert.Equal(Bytes(whole.Options, WeightFiles[1]), Bytes(pieces, WeightFiles[1]));
    }

    [Fact]
    public void The_export_is_a_model_folder_that_draws()
    {
        Assert.InRange(whole.Result.WeightBytes, 1, 16_000_000);
        using var model = StableDiffusion.Load(whole.Options.Output);
        var picture = model.Sample(new SampleOptions { Prompt = "a photo of a zwx rabbit toy", Steps = 2 })[0];
        Assert.Equal((32, 32), (picture.Width, picture.Height));
        Assert.Equal(49408, model.TextEncoder.Config.VocabSize);
        Assert.Contains("kit pretrain --preset smoke --seed 3 --workers 1 --steps 12",
            File.ReadAllText(Path.Combine(whole.Options.Output, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Unfinished_work_is_neither_overwritten_nor_mixed_with_another_run()
    {
        var options = Options(_root);
        using (var stop = new CancellationTokenSource())
            Pretrainer.Run(options, new Stopper("vae", stop), stop.Token);
        Assert.Contains("--resume", Assert.Throws<BadInputException>(() => Pretrainer.Run(options)).Message, StringComparison.Ordinal);
        Assert.Contains("seed 3", Assert.Throws<BadInputException>(() => Pretrainer.Run(options with { Resume = true, Seed = 4 })).Message,
            StringComparison.Ordinal);
        Assert.Contains("went on from nothing",
            Assert.Throws<BadInputException>(() => Pretrainer.Run(whole.Options with { Resume = true, From = _root })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_goes_on_from_another_model_and_keeps_its_vae_and_its_text_encoder()
    {
        var further = Options(_root) with { From = whole.Options.Output, Seed = 5 };
        using (var stop = new CancellationTokenSource())
            Pretrainer.Run(further, new Stopper("encode", stop), stop.Token);
        var result = Pretrainer.Run(further with { Resume = true, From = null }); // the model lies in the work folder by now
        Assert.True(result.Finished);
        Assert.Equal(12, result.Denoiser!.Steps);
        Assert.Equal(Bytes(whole.Options, WeightFiles[1]), Bytes(further, WeightFiles[1]));
        Assert.NotEqual(Bytes(whole.Options, WeightFiles[0]), Bytes(further, WeightFiles[0]));
        Assert.Equal(Bytes(whole.Options, WeightFiles[2]), Bytes(further, WeightFiles[2]));
        Assert.Contains("went on from", File.ReadAllText(Path.Combine(further.Output, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_another_size_is_refused_with_both_sizes()
    {
        var message = Assert.Throws<BadInputException>(() =>
            Pretrainer.Run(Options(_root) with { From = Path.Combine(House.Root, "data", "base-mini") })).Message;
        Assert.Contains("64", message, StringComparison.Ordinal);
        Assert.Contains("32", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Workers_below_one_are_refused() =>
        Assert.Throws<BadInputException>(() => Pretrainer.Run(Options(_root) with { Workers = 0 }));

    /// <summary>Asks a run to stop a moment after it speaks of a stage.</summary>
    private sealed class Stopper(string stage, CancellationTokenSource stop) : IProgress<PretrainProgress>
    {
        public void Report(PretrainProgress value)
        {
            if (value.Stage == stage)
                stop.CancelAfter(200);
        }
    }

    private static byte[] Bytes(PretrainOptions options, string file) => File.ReadAllBytes(Path.Combine(options.Output, file));
}
