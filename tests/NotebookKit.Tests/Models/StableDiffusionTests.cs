using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Schedulers;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Models;

public sealed class StableDiffusionTests : IDisposable
{
    private static readonly SampleOptions Options = new() { Prompt = "a photo of a rabbit toy", Steps = 3, Seed = 5, GuidanceScale = 3 };
    private readonly StableDiffusion model = TinyModel.Create();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_saved_model_draws_the_same_pictures()
    {
        model.Save(folder["copy"], ScalarType.Float32);
        using var copy = StableDiffusion.Load(folder["copy"]);
        Assert.Equal(model.Sample(Options)[0].Pixels, copy.Sample(Options)[0].Pixels);
        Assert.Equal(16, copy.SampleSize);
    }

    [Fact]
    public void A_picture_depends_on_its_seed_and_not_on_how_many_are_drawn()
    {
        var three = model.Sample(Options with { Count = 3 });
        var third = model.Sample(Options with { Seed = 7 })[0];
        // Other batch sizes may round otherwise in the last bit.
        Assert.InRange(Difference(third, three[2]), 0, 1);
        Assert.True(Difference(three[0], three[2]) > 1);
    }

    [Fact]
    public void More_pictures_than_a_batch_holds_are_drawn()
    {
        var pictures = model.Sample(Options with { Count = 18, Steps = 1 });
        Assert.Equal(18, pictures.Select(picture => Convert.ToHexString(picture.Pixels)).Distinct().Count());
    }

    [Fact]
    public void Prompt_negative_prompt_and_guidance_all_matter()
    {
        var picture = model.Sample(Options)[0];
        foreach (var other in new[] { Options with { Prompt = "a dog" }, Options with { NegativePrompt = "blue" }, Options with { GuidanceScale = 1 } })
            Assert.NotEqual(picture.Pixels, model.Sample(other)[0].Pixels);
    }

    [Fact]
    public void Every_sampler_draws()
    {
        foreach (var name in Scheduler.Names)
            Assert.Equal(16, model.Sample(Options with { Scheduler = name })[0].Width);
    }

    [Fact]
    public void Sizes_that_do_not_halve_evenly_are_drawn()
    {
        Assert.Equal((22, 22), model.Sample(Options with { Size = 22 }).Select(picture => (picture.Width, picture.Height)).Single());
        Assert.Contains("multiple of 2", Assert.Throws<BadInputException>(() => model.Sample(Options with { Size = 15 })).Message);
    }

    [Fact]
    public void Progress_is_told_and_cancelling_stops_between_steps()
    {
        using var source = new CancellationTokenSource();
        var told = new List<StepProgress>();
        var progress = new Immediate(step =>
        {
            told.Add(step);
            if (step.Done == 2)
                source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => model.Sample(Options, progress, source.Token));
        Assert.Equal([new StepProgress(1, 3), new StepProgress(2, 3)], told);
    }

    [Theory]
    [InlineData("model_index.json")]
    [InlineData("unet/config.json")]
    [InlineData("vae/diffusion_pytorch_model.safetensors")]
    [InlineData("text_encoder/model.safetensors")]
    [InlineData("scheduler/scheduler_config.json")]
    public void A_missing_part_is_named(string part)
    {
        model.Save(folder["broken"], ScalarType.Float16);
        File.Delete(folder["broken", part]);
        Assert.Contains(Path.GetFileName(part), Assert.Throws<BadInputException>(() => StableDiffusion.Load(folder["broken"])).Message);
    }

    [Fact]
    public void Parts_that_do_not_fit_are_refused()
    {
        model.Save(folder["mixed"], ScalarType.Float32);
        using var other = new CLIPTextModel(TinyModel.Text with { HiddenSize = 32 });
        other.SavePretrained(folder["mixed", "text_encoder"], ScalarType.Float32);
        Assert.Contains("cross_attention_dim", Assert.Throws<BadInputException>(() => StableDiffusion.Load(folder["mixed"])).Message);
    }

    [Theory]
    [InlineData("", 3, "prompt")]
    [InlineData("x", 0, "steps")]
    public void Bad_options_are_one_sentence(string prompt, int steps, string named) =>
        Assert.Contains(named, Assert.Throws<BadInputException>(() => model.Sample(Options with { Prompt = prompt, Steps = steps })).Message);

    [Fact]
    public void Sampling_leaves_no_tensor_behind()
    {
        model.Sample(Options);
        var before = NotebookKit.Torch.TorchExtras.LiveHandles;
        model.Sample(Options);
        Assert.Equal(before, NotebookKit.Torch.TorchExtras.LiveHandles);
    }

    [Fact]
    public void Encoded_pictures_are_scaled_and_drawn_from_a_seed()
    {
        using var scope = NewDisposeScope();
        var images = rand(2, 3, 16, 16) * 2 - 1;
        var mean = model.EncodeImages(images);
        Assert.Equal([2L, 4, 8, 8], mean.shape);
        Assert.True(mean.allclose(model.Vae.Encode(images).Mean * 0.18215));
        var latents = model.EncodeImages(images, new Generator(1));
        Assert.True(latents.Equals(model.EncodeImages(images, new Generator(1))));
        Assert.False(latents.Equals(model.EncodeImages(images, new Generator(2))));
    }

    private static int Difference(RgbImage a, RgbImage b) => a.Pixels.Zip(b.Pixels, (x, y) => Math.Abs(x - y)).Max();

    private sealed class Immediate(Action<StepProgress> report) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => report(value);
    }
}
