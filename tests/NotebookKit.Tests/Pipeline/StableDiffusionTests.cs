using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Tests.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline;

public sealed class StableDiffusionTests : IDisposable
{
    private static readonly SampleOptions Options = new() { Prompt = "a photo of a rabbit toy", Steps = 3, Seed = 5, GuidanceScale = 3 };
    private readonly StableDiffusion _model = TinyModel.Create();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_saved_model_draws_the_same_pictures()
    {
        _model.Save(_folder["copy"], ScalarType.Float32);
        using var copy = StableDiffusion.Load(_folder["copy"]);
        Assert.Equal(_model.Sample(Options)[0].Pixels, copy.Sample(Options)[0].Pixels);
        Assert.Equal(16, copy.SampleSize);
    }

    [Fact]
    public void A_picture_depends_on_its_seed_and_not_on_how_many_are_drawn()
    {
        foreach (var scheduler in Scheduler.Names)
        {
            var options = Options with { Scheduler = scheduler, Steps = 4 };
            var third = _model.Sample(options with { Seed = 7 })[0];
            var three = _model.Sample(options with { Count = 3, BatchSize = 1 });
            Assert.Equal(third.Pixels, three[2].Pixels);
            Assert.True(Difference(three[0], three[2]) > 1);
            // In a batch the last bit of a sum may round otherwise.
            Assert.InRange(Difference(third, _model.Sample(options with { Count = 3, BatchSize = 2 })[2]), 0, 1);
        }
    }

    [Fact]
    public void So_it_does_when_it_is_drawn_from_a_picture_by_several_prompts()
    {
        var options = Options with { Prompt = "a toy AND a dog:0.5", NegativePrompt = "blue", InitImage = new RgbImage(16, 24) };
        Assert.Equal(_model.Sample(options with { Count = 3 })[2].Pixels, _model.Sample(options with { Seed = 7 })[0].Pixels);
    }

    [Fact]
    public void More_pictures_than_a_batch_holds_are_drawn()
    {
        var pictures = _model.Sample(Options with { Count = 18, Steps = 1 });
        Assert.Equal(18, pictures.Select(picture => Convert.ToHexString(picture.Pixels)).Distinct().Count());
    }

    [Fact]
    public void Prompt_negative_prompt_and_guidance_all_matter()
    {
        var picture = _model.Sample(Options)[0];
        foreach (var other in new[] { Options with { Prompt = "a dog" }, Options with { NegativePrompt = "blue" },
            Options with { GuidanceScale = 1 } })
            Assert.NotEqual(picture.Pixels, _model.Sample(other)[0].Pixels);
    }

    [Fact]
    public void Every_sampler_draws()
    {
        foreach (var name in Scheduler.Names)
            Assert.Equal(16, _model.Sample(Options with { Scheduler = name })[0].Width);
    }

    [Theory]
    [InlineData(15, "8 or 16")]
    [InlineData(4, "nearest is 8")]
    [InlineData(5000, "nearest is 4096")]
    public void Sizes_are_multiples_of_8_and_others_are_answered_with_the_nearest(int size, string nearest)
    {
        var picture = _model.Sample(Options with { Width = 24, Height = 40 }).Single();
        Assert.Equal((24, 40), (picture.Width, picture.Height));
        Assert.Contains(nearest, Assert.Throws<BadInputException>(() => _model.Sample(Options with { Size = size })).Message);
    }

    [Fact]
    public void Progress_is_told_and_cancelling_stops_between_steps()
    {
        using var source = new CancellationTokenSource();
        var told = new List<(int, int)>();
        var progress = new Heard<StepProgress>(step =>
        {
            told.Add((step.Done, step.Total));
            if (step.Done == 2)
                source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => _model.Sample(Options, progress, source.Token));
        Assert.Equal([(1, 3), (2, 3)], told);
    }

    [Theory]
    [InlineData("ddim")]
    [InlineData("euler")]
    [InlineData("dpmpp_2m")]
    [InlineData("heun")]
    [InlineData("pndm")]
    [InlineData("unipc")]
    public void The_preview_of_the_last_step_is_nearly_the_picture_and_can_be_smaller(string scheduler)
    {
        IReadOnlyList<RgbImage> last = [], small = [];
        StepProgress? kept = null;
        var progress = new Heard<StepProgress>(step => (kept, last, small) = (step, step.Preview(), step.Preview(8)));
        var pictures = _model.Sample(Options with { Steps = 20, Scheduler = scheduler, Count = 2, BatchSize = 2 }, progress);
        Assert.Equal(2, last.Count);
        Assert.InRange(Difference(pictures[1], last[1]), 0, 12);
        Assert.Equal((8, 8), (small[0].Width, small[0].Height));
        Assert.Throws<InvalidOperationException>(() => kept!.Preview());
    }

    [Fact]
    public void A_picture_drawn_from_a_picture_leaves_it_the_further_the_greater_the_strength()
    {
        var init = new RgbImage(40, 24, [.. Enumerable.Range(0, 3 * 40 * 24).Select(i => (byte)(i % 251))]);
        var turned = Options with { InitImage = init, Steps = 10 };
        var untouched = _model.Sample(turned with { Strength = 0 })[0];
        Assert.Equal((40, 24), (untouched.Width, untouched.Height));
        using var scope = NewDisposeScope();
        Assert.Equal(_model.DecodeLatents(_model.EncodeImages(ImageTensor.ToTensor(init).unsqueeze(0)))[0].Pixels, untouched.Pixels);

        double[] distances = [.. new[] { 0.1, 0.4,
            0.9 }.Select(strength => Distance(untouched, _model.Sample(turned with { Strength = strength })[0]))];
        Assert.Equal(distances.Order(), distances);
        Assert.True(distances[0] > 0);
        Assert.Contains("strength", Assert.Throws<BadInputException>(() => _model.Sample(turned with { Strength = 1.5 })).Message);
    }

    [Theory]
    [InlineData("ddim", 3)]
    [InlineData("euler_a", 3)]
    [InlineData("dpmpp_2m_sde", 3)]
    [InlineData("pndm", 3)]
    [InlineData("heun", 5)]
    [InlineData("kdpm2", 5)]
    public void Only_the_share_of_the_steps_that_the_strength_says_is_run(string scheduler, int timesteps)
    {
        var told = 0;
        _model.Sample(Options with { InitImage = new RgbImage(16, 16), Steps = 10, Strength = 0.3, Scheduler = scheduler },
            new Heard<StepProgress>(_ => told++));
        Assert.Equal(timesteps, told);
    }

    [Fact]
    public void A_pictures_file_says_how_it_was_drawn()
    {
        _model.Save(_folder["named"], ScalarType.Float32);
        using var saved = StableDiffusion.Load(_folder["named"]);
        var options = Options with { NegativePrompt = "blurry, dark", Scheduler = "euler_a", GuidanceScale = 7, Size = 24 };
        saved.Sample(options)[0].SavePng(_folder["picture.png"], options.ParametersOf(saved));
        var read = GenerationParameters.Read(_folder["picture.png"])!;
        Assert.Equal(
            "a photo of a rabbit toy\nNegative prompt: blurry, dark\nSteps: 3, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 24x24, "
                + $"Model hash: {saved.Hash}, Model: named",
            read.ToString());
        Assert.Matches("^[0-9a-f]{10}$", saved.Hash);
    }

    [Theory]
    [InlineData("model_index.json")]
    [InlineData("unet/config.json")]
    [InlineData("vae/diffusion_pytorch_model.safetensors")]
    [InlineData("text_encoder/model.safetensors")]
    [InlineData("scheduler/scheduler_config.json")]
    public void A_missing_part_is_named(string part)
    {
        _model.Save(_folder["broken"], ScalarType.Float16);
        File.Delete(_folder["broken", part]);
        Assert.Contains(Path.GetFileName(part), Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["broken"])).Message);
    }

    [Theory]
    [InlineData("model_index.json", "StableDiffusionPipeline", "StableDiffusionXLPipeline", "Stable Diffusion XL")]
    [InlineData("model_index.json", "StableDiffusionPipeline", "StableDiffusion3Pipeline", "Stable Diffusion 3")]
    [InlineData("model_index.json", "StableDiffusionPipeline", "StableDiffusionDepth2ImgPipeline", "depth")]
    [InlineData("unet/config.json", "\"in_channels\": 4", "\"in_channels\": 9", "inpainting")]
    public void A_folder_of_another_kind_is_refused_by_its_name_before_any_weight_is_read(string file, string here, string there,
        string named)
    {
        _model.Save(_folder["other"], ScalarType.Float16);
        var text = File.ReadAllText(_folder["other", file]);
        Assert.Contains(here, text, StringComparison.Ordinal);
        File.WriteAllText(_folder["other", file], text.Replace(here, there));
        foreach (var weights in Directory.GetFiles(_folder["other"], "*.safetensors", SearchOption.AllDirectories))
            File.Delete(weights);
        Assert.Contains(named, Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["other"])).Message);
    }

    [Fact]
    public void Parts_that_do_not_fit_are_refused()
    {
        _model.Save(_folder["mixed"], ScalarType.Float32);
        using var other = new CLIPTextModel(TinyModel.Text with { HiddenSize = 32 });
        other.SavePretrained(_folder["mixed", "text_encoder"], ScalarType.Float32);
        Assert.Contains("cross_attention_dim", Assert.Throws<BadInputException>(() => StableDiffusion.Load(_folder["mixed"])).Message);
    }

    [Theory]
    [InlineData("", 3, "prompt")]
    [InlineData("x", 0, "steps")]
    public void Bad_options_are_one_sentence(string prompt, int steps, string named) =>
        Assert.Contains(named, Assert.Throws<BadInputException>(() =>
            _model.Sample(Options with { Prompt = prompt, Steps = steps })).Message);

    [Fact]
    public void Sampling_leaves_no_tensor_behind()
    {
        _model.Sample(Options);
        var before = LiveTensors.Count();
        _model.Sample(Options);
        Assert.Equal(before, LiveTensors.Count());
    }

    [Fact]
    public void Encoded_pictures_are_scaled_and_drawn_from_a_seed()
    {
        using var scope = NewDisposeScope();
        var images = rand(2, 3, 16, 16) * 2 - 1;
        var mean = _model.EncodeImages(images);
        Assert.Equal([2L, 4, 8, 8], mean.shape);
        Rounding.Same(_model.Vae.Encode(images).Mean * 0.18215, mean, Rounding.Network);
        var latents = _model.EncodeImages(images, new Generator(1));
        Assert.True(latents.Equals(_model.EncodeImages(images, new Generator(1))));
        Assert.False(latents.Equals(_model.EncodeImages(images, new Generator(2))));
    }

    private static double Distance(RgbImage a, RgbImage b) => a.Pixels.Zip(b.Pixels, (x, y) => Math.Abs(x - y)).Average();

    private static int Difference(RgbImage a, RgbImage b) => a.Pixels.Zip(b.Pixels, (x, y) => Math.Abs(x - y)).Max();
}
