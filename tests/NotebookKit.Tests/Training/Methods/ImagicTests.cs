using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Methods;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Methods;

public sealed class ImagicTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void First_the_text_states_move_then_the_UNet_and_the_two_can_be_blended()
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var unet = sd.UNet.parameters().First().detach().clone();
        var moved = new List<bool>();
        var options = new TrainOptions
        {
            Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "a toy that waves" }],
            Method = TrainMethod.Imagic,
            Intervals = new() { Epochs = 3 },
            Saving = new() { Output = _folder["waving"], As = ScalarType.Float32 },
            Samples = new() { Steps = 2 },
        };
        var result = new DreamBoothTrainer(sd, options).Train(new Heard<TrainEvent>(happened =>
        {
            if (happened is StepEvent)
                moved.Add(!sd.UNet.parameters().First().Equals(unet));
        }));
        Assert.Equal([false, false, false, true, true, true], moved);
        Assert.Equal(1, result.History[0].PicturesSeen); // one picture, though the folder has three
        Assert.Contains(result.Warnings, warning => warning.Contains("0.png is used", StringComparison.Ordinal));

        using var imagic = new Imagic(result.Output);
        var (picture, blend, prompt) = (imagic.Draw(0, steps: 2), imagic.Draw(0.5, steps: 2), imagic.Draw(1, steps: 2));
        Assert.NotEqual(picture.Pixels, prompt.Pixels);
        Assert.NotEqual(picture.Pixels, blend.Pixels);
        Assert.Equal(picture.Pixels, imagic.Draw(0, steps: 2).Pixels);
    }

    public void Dispose() => _folder.Dispose();
}
