using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Data;

namespace NotebookKit.Tests.Training.Data;

public sealed class ClassImagesTests : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;

    public ClassImagesTests(TinyBase tiny)
    {
        _sd = StableDiffusion.Load(tiny.Folder);
        _options = new TrainOptions
        {
            Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "zwx toy", ClassPrompt = "a toy", ClassImages = 3,
                ClassDir = _folder["toys"] }],
            Samples = new() { Steps = 2 }
        }.ForBase(_sd);
    }

    [Fact]
    public void A_picture_does_not_depend_on_how_many_are_wanted()
    {
        var few = ClassImages.Plan(_options with { Concepts = [_options.Concepts[0] with { ClassDir = _folder["few"], ClassImages = 2 }] },
            _sd).Paint(_sd);
        var many = ClassImages.Plan(_options with
        { Concepts = [_options.Concepts[0] with { ClassDir = _folder["many"], ClassImages = 11 }] }, _sd).Paint(_sd);
        Assert.Equal((2, 11), (few.Count, many.Count));
        Assert.Equal(RgbImage.Load(few[1]).Pixels, RgbImage.Load(many[1]).Pixels);
        Assert.NotEqual(RgbImage.Load(many[9]).Pixels, RgbImage.Load(many[1]).Pixels);
    }

    [Theory]
    [InlineData("prompt")]
    [InlineData("size")]
    [InlineData("guidance")]
    [InlineData("negative")]
    [InlineData("steps")]
    public void Another_recipe_paints_anew_beside_the_old_pictures_and_says_so(string change)
    {
        var old = ClassImages.Plan(_options, _sd).Paint(_sd);
        Assert.Equal((3, 3), Counts(ClassImages.Plan(_options, _sd)));
        var other = change switch
        {
            "prompt" => _options with { Concepts = [_options.Concepts[0] with { ClassPrompt = "a bear toy" }] },
            "size" => _options with { Images = _options.Images with { Size = 8 } },
            "guidance" => _options with { Concepts = [_options.Concepts[0] with { ClassGuidance = 5 }] },
            "negative" => _options with { Concepts = [_options.Concepts[0] with { ClassNegativePrompt = "worst quality" }] },
            _ => _options with { Concepts = [_options.Concepts[0] with { ClassSteps = 3 }] },
        };
        var plan = ClassImages.Plan(other, _sd);
        Assert.Equal((3, 0), Counts(plan));
        Assert.Contains("anew", plan.Why, StringComparison.Ordinal);
        Assert.Equal(3, plan.Paint(_sd).Count);
        Assert.Equal((3, 3), Counts(ClassImages.Plan(other, _sd)));
        Assert.Equal((3, 3), Counts(ClassImages.Plan(_options, _sd)));
        Assert.All(old, file => Assert.True(File.Exists(file)));
    }

    [Fact]
    public void A_picture_that_was_lost_is_painted_again_the_same()
    {
        var painted = ClassImages.Plan(_options, _sd).Paint(_sd);
        var pixels = RgbImage.Load(painted[1]).Pixels;
        File.Delete(painted[1]);
        var plan = ClassImages.Plan(_options, _sd);
        Assert.Equal((3, 2), Counts(plan));
        Assert.Contains("1 are painted", plan.Why, StringComparison.Ordinal);
        Assert.Equal(pixels, RgbImage.Load(plan.Paint(_sd)[1]).Pixels);
    }

    [Fact]
    public void Captions_give_each_picture_its_own_class_image()
    {
        var plan = ClassImages.Plan(_options with
        {
            Concepts = [_options.Concepts[0] with { InstancePrompt = "[filewords]", ClassPrompt = "[filewords]", InstanceToken = "zwx",
                ClassToken = "toy", ClassImagesPerInstance = 2 }]
        }, _sd);
        Assert.Equal(["a toy, view 0", "a toy, view 1", "a toy, view 2"], plan.Sets.Select(set => set.Recipe.Prompt));
        Assert.All(plan.Sets, set => Assert.Equal(2, set.Need));
        var files = plan.Paint(_sd);
        Assert.Equal(6, files.Distinct().Count());
        Assert.Equal("a toy, view 2", File.ReadAllText(Path.ChangeExtension(files[^1], ".txt")));
    }

    [Fact]
    public void The_file_says_how_it_was_painted()
    {
        var file = ClassImages.Plan(_options with { Concepts = [_options.Concepts[0] with { ClassNegativePrompt = "worst quality" }] }, _sd)
            .Paint(_sd)[2];
        var parameters = GenerationParameters.Read(file)!;
        Assert.Equal(("a toy", "worst quality", "2"), (parameters.Prompt, parameters.NegativePrompt, parameters["Seed"]));
    }

    [Fact]
    public void The_learners_own_pictures_are_used_and_never_deleted()
    {
        Directory.CreateDirectory(_options.Concepts[0].ClassDir!);
        var own = Path.Combine(_options.Concepts[0].ClassDir!, "mine.png");
        var other = Path.Combine(_options.Concepts[0].ClassDir!, "other.png");
        new RgbImage(16, 16).SavePng(own);
        new RgbImage(16, 16).SavePng(other);
        File.WriteAllText(Path.ChangeExtension(other, ".txt"), "a bear");
        var plan = ClassImages.Plan(_options, _sd);
        Assert.Equal((3, 1), Counts(plan));
        Assert.Contains("your own", plan.Why, StringComparison.Ordinal);
        var files = plan.Paint(_sd);
        Assert.Contains(own, files);
        Assert.DoesNotContain(other, files);
        Assert.True(File.Exists(own));
    }

    [Fact]
    public void A_model_that_was_trained_paints_none()
    {
        new DreamBoothTrainer(_sd, _options with
        {
            Method = TrainMethod.DreamBooth,
            Intervals = _options.Intervals with { Epochs = 1 },
            Saving = _options.Saving with { Output = _folder["model"] }
        }).Train();
        var message = Assert.ThrowsAny<BadInputException>(() =>
            ClassImages.Plan(_options with { Concepts = [_options.Concepts[0] with { ClassImages = 4 }] }, _sd).Paint(_sd)).Message;
        Assert.Contains("load the base anew", message, StringComparison.Ordinal);
        Assert.Equal(3, ClassImages.Plan(_options, _sd).Paint(_sd).Count); // those of the base are there
    }

    public void Dispose()
    {
        _sd.Dispose();
        _folder.Dispose();
    }

    private static (int Need, int Have) Counts(ClassImages plan) => (plan.Need, plan.Have);
}
