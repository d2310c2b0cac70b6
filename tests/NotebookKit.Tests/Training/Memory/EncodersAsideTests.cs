using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Memory;

public sealed class EncodersAsideTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private TrainOptions Options => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a photo of zwx toy", ClassPrompt = "a photo of a toy",
            ClassImages = 4, ClassDir = _folder["class"], InstanceToken = "zwx", ClassToken = "toy", SamplesPerPrompt = 1 }],
        Samples = new() { HeldOutDir = HeldOut(), Steps = 2, Every = 2, HeldOutEvery = 2 },
        Saving = new() { Every = 2, As = ScalarType.Float32 },
        Intervals = new() { Epochs = 4 },
        Lora = new() { Rank = 2 },
        Seed = 5,
        Images = new() { CaptionDropout = 0.3 },
    };

    [Theory]
    [InlineData(TrainMethod.Lora, false)]
    [InlineData(TrainMethod.Lora, true)]
    [InlineData(TrainMethod.DreamBooth, false)]
    [InlineData(TrainMethod.TextualInversion, false)]
    [InlineData(TrainMethod.Imagic, false)]
    public void A_run_that_puts_them_aside_is_the_same_to_the_bit_and_so_is_its_resumption(TrainMethod method, bool text)
    {
        var options = Options with { Method = method, TrainTextEncoder = text };
        var plain = Train(options with { Saving = options.Saving with { Output = Path("plain", method) } });
        var aside = Train(options with
        {
            Saving = options.Saving with { Output = Path("aside", method) },
            Memory = options.Memory with { FreeEncoders = true }
        });
        Assert.Equal(plain.History, aside.History);
        Assert.Equal(plain.HeldOut, aside.HeldOut);
        Assert.Equal(plain.Samples.Select(sample => sample.Grid.Pixels), aside.Samples.Select(sample => sample.Grid.Pixels));
        Assert.Equal(Weights(plain.Output), Weights(aside.Output));
        Assert.False(File.Exists(_folder["checkpoints", "aside", "encoders.aside.safetensors"]));

        Train(options with
        {
            Saving = options.Saving with { Output = Path("cut", method) },
            Memory = options.Memory with { FreeEncoders = true }
        }, stopAt: 5);
        var resumed = Train(options with
        {
            Saving = options.Saving with { Output = Path("cut", method), Resume = true },
            Memory = options.Memory with { FreeEncoders = true }
        });
        Assert.Equal(plain.History, resumed.History);
        Assert.Equal(Weights(plain.Output), Weights(resumed.Output));
    }

    [Fact]
    public void Between_samples_the_memory_is_free_and_afterwards_the_base_is_whole()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var before = sd.Vae.parameters().Concat(sd.TextEncoder.parameters()).Select(parameter => parameter.clone().DetachFromDisposeScope())
            .ToList();
        var during = 0L;
        new DreamBoothTrainer(sd, Options with
        {
            Saving = Options.Saving with { Output = _folder["toy.safetensors"] },
            Memory = Options.Memory with { FreeEncoders = true }
        }).Train(new Heard<TrainEvent>(happened =>
        {
            if (happened is StepEvent { Step.Step: 1 })
                during = sd.Vae.parameters().Concat(sd.TextEncoder.parameters()).Sum(parameter => parameter.numel());
        }));
        Assert.Equal(0, during);
        foreach (var (was, now) in before.Zip(sd.Vae.parameters().Concat(sd.TextEncoder.parameters())))
        {
            Assert.True(was.equal(now).all().item<bool>());
            was.Dispose();
        }
    }

    [Fact]
    public void What_is_needed_in_every_step_stays()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var (vae, text) = (0L, 0L);
        new DreamBoothTrainer(sd,
            Options with
            {
                Saving = Options.Saving with { Output = _folder["crops.safetensors"] },
                Memory = Options.Memory with { FreeEncoders = true },
                Images = Options.Images with { RandomCrop = true }
            }).Train(new Heard<TrainEvent>(happened =>
        {
            if (happened is StepEvent { Step.Step: 1 })
                (vae, text) = (sd.Vae.parameters().First().numel(), sd.TextEncoder.parameters().First().numel());
        }));
        Assert.True(vae > 0);
        Assert.Equal(0, text);
        new DreamBoothTrainer(sd,
            Options with
            {
                Saving = Options.Saving with { Output = _folder["shuffled.safetensors"] },
                Memory = Options.Memory with { FreeEncoders = true },
                Images = Options.Images with { ShuffleCaptions = true }
            }).Train(new Heard<TrainEvent>(happened =>
        {
            if (happened is StepEvent { Step.Step: 1 })
                (vae, text) = (sd.Vae.parameters().First().numel(), sd.TextEncoder.parameters().First().numel());
        }));
        Assert.Equal(0, vae);
        Assert.True(text > 0);
    }

    [Fact]
    public void A_base_whose_weights_are_no_longer_its_folders_comes_back_as_it_was()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var sd = StableDiffusion.Load(tiny.Folder);
        sd.Vae.parameters().First().add_(1);
        var weights = sd.Vae.parameters().Concat(sd.TextEncoder.parameters()).Select(parameter => parameter.clone()).ToList();
        var aside = new EncodersAside(sd, _folder["aside.safetensors"]);
        Assert.All(sd.Vae.parameters().Concat(sd.TextEncoder.parameters()), parameter => Assert.Equal(0, parameter.numel()));
        using (aside.Return())
            Check();
        Assert.Equal(0, sd.Vae.parameters().First().numel());
        aside.Dispose();
        Check();
        Assert.False(File.Exists(_folder["aside.safetensors"]));

        void Check()
        {
            foreach (var (was, now) in weights.Zip(sd.Vae.parameters().Concat(sd.TextEncoder.parameters())))
                Assert.True(was.equal(now).all().item<bool>());
        }
    }

    public void Dispose() => _folder.Dispose();

    private string HeldOut()
    {
        var folder = Directory.CreateDirectory(_folder["held-out"]).FullName;
        File.Copy(System.IO.Path.Combine(tiny.Pictures, "0.png"), System.IO.Path.Combine(folder, "0.png"), overwrite: true);
        File.WriteAllText(System.IO.Path.Combine(folder, "0.txt"), "a zwx toy in the garden");
        return folder;
    }

    private string Path(string name, TrainMethod method) =>
        method is TrainMethod.DreamBooth or TrainMethod.Imagic ? _folder[name] : _folder[name + ".safetensors"];

    private static Dictionary<string, byte[]> Weights(string output) => (
        from file in Directory.Exists(output) ? Directory.GetFiles(output, "*.safetensors", SearchOption.AllDirectories) : [output]
        from pair in Safetensors.Load(file)
        select (Name: $"{(file == output ? "" : System.IO.Path.GetRelativePath(output, file))}/{pair.Key}",
            Bytes: pair.Value.bytes.ToArray())).ToDictionary(pair => pair.Name, pair => pair.Bytes);

    private TrainResult Train(TrainOptions options, int? stopAt = null)
    {
        using var stop = new CancellationTokenSource();
        using var sd = StableDiffusion.Load(tiny.Folder);
        return new DreamBoothTrainer(sd, options).Train(new Heard<TrainEvent>(happened =>
        {
            if (happened is StepEvent step && step.Step.Step + 1 == stopAt)
                stop.Cancel();
        }), stop.Token);
    }
}
