using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

public sealed class ClassImagesTests : IClassFixture<TinyBase>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kit-class-").FullName;
    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;

    public ClassImagesTests(TinyBase tiny)
    {
        _sd = StableDiffusion.Load(tiny.Folder);
        _options = new TrainOptions { InstanceDir = tiny.Pictures, InstancePrompt = "zwx toy", ClassPrompt = "a toy", ClassImages = 3, ClassDir = Path.Combine(_folder, "toys"), SampleSteps = 2 }.ForBase(_sd);
    }

    [Fact]
    public void A_picture_does_not_depend_on_how_many_are_wanted()
    {
        var few = ClassImages.Plan(_options with { ClassDir = Path.Combine(_folder, "few"), ClassImages = 2 }, _sd).Paint(_sd);
        var many = ClassImages.Plan(_options with { ClassDir = Path.Combine(_folder, "many"), ClassImages = 11 }, _sd).Paint(_sd);
        Assert.Equal((2, 11), (few.Count, many.Count));
        Assert.Equal(RgbImage.Load(few[1]).Pixels, RgbImage.Load(many[1]).Pixels);
        Assert.NotEqual(RgbImage.Load(many[9]).Pixels, RgbImage.Load(many[1]).Pixels);
    }

    [Theory]
    [InlineData("prompt")]
    [InlineData("size")]
    [InlineData("guidance")]
    public void Another_recipe_paints_anew_and_says_so(string change)
    {
        ClassImages.Plan(_options, _sd).Paint(_sd);
        Assert.Equal((3, 3), Counts(ClassImages.Plan(_options, _sd)));
        var other = change switch
        {
            "prompt" => _options with { ClassPrompt = "a bear toy" },
            "size" => _options with { Size = 8 },
            _ => _options with { ClassGuidance = 3 },
        };
        var plan = ClassImages.Plan(other, _sd);
        Assert.Equal((3, 0), Counts(plan));
        Assert.Contains("anew", plan.Why, StringComparison.Ordinal);
        Assert.Equal(3, plan.Paint(_sd).Count);
        Assert.Equal((3, 3), Counts(ClassImages.Plan(other, _sd)));
    }

    [Fact]
    public void The_learners_own_pictures_are_used_and_never_deleted()
    {
        Directory.CreateDirectory(_options.ClassDir!);
        var own = Path.Combine(_options.ClassDir!, "mine.png");
        new RgbImage(16, 16).SavePng(own);
        var plan = ClassImages.Plan(_options, _sd);
        Assert.Equal((3, 1), Counts(plan));
        Assert.Contains("your own", plan.Why, StringComparison.Ordinal);
        Assert.Contains(own, plan.Paint(_sd));
        Assert.True(File.Exists(own));
    }

    public void Dispose()
    {
        _sd.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static (int Need, int Have) Counts(ClassImages plan) => (plan.Need, plan.Have);
}
