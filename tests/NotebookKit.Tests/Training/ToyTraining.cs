using NotebookKit.Pipeline;
using NotebookKit.Training;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

/// <summary>A small training on the tiny base, for tests of what a run does.</summary>
public abstract class ToyTraining(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private protected TinyBase Tiny => tiny;

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("kit-train-").FullName;

    private protected TrainOptions Options => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a photo of zwx toy", ClassPrompt = "a photo of a toy",
            ClassImages = 4 }],
        Samples = new() { Steps = 2 },
        Intervals = new() { Epochs = 3 },
        Lora = new() { Rank = 2 },
        Seed = 5,
        Saving = new() { Output = Path.Combine(Folder, "toy.safetensors") },
    };

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected TrainResult Train(TrainOptions options)
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        return new DreamBoothTrainer(sd, options).Train();
    }

    private protected static Tensor Predict(StableDiffusion sd)
    {
        using var grad = no_grad();
        var latents = randn([1, 4, 8, 8], generator: new Generator(3));
        return sd.UNet.call(latents, tensor(new long[] { 500 }), sd.EncodePrompts(["a photo of zwx toy"]));
    }
}
