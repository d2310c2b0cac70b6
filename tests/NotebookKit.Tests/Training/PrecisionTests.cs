using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Pipeline;
using NotebookKit.Tensors;
using NotebookKit.Tests.Models;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training;

public sealed class PrecisionTests
{
    private static readonly Device Gpu = new(DeviceType.CUDA, 0); // named, not asked for
    private static readonly UNet2DConditionConfig Sd15 = ModelShape.Sd15.UNet;

    [Theory]
    [InlineData("float32", "fp32", ScalarType.Float32)]
    [InlineData("bfloat16", "bf16", ScalarType.BFloat16)]
    [InlineData("float16", "FP16", ScalarType.Float16)]
    public void A_type_has_a_long_and_a_short_name(string name, string brief, ScalarType type)
    {
        Assert.Equal((type, type, name), (Precision.TypeOf(name), Precision.TypeOf(brief), Precision.NameOf(type)));
        Assert.Equal(type, Precision.Choose(brief, Sd15, CPU).Type);
    }

    [Fact]
    public void Another_name_is_one_sentence()
    {
        Assert.Contains("--save-as 'int4'", Assert.ThrowsAny<BadInputException>(() => Precision.TypeOf("int4", "--save-as")).Message,
            StringComparison.Ordinal);
        Assert.Contains("did you mean bfloat16", Assert.ThrowsAny<BadInputException>(() => Precision.Choose("bfloat", Sd15, CPU)).Message,
            StringComparison.Ordinal);
        Assert.ThrowsAny<BadInputException>(() => Precision.TypeOf("auto"));
    }

    [Fact]
    public void Auto_takes_bfloat16_where_the_processor_multiplies_it_and_the_model_is_of_SD_15s_size()
    {
        var choice = Precision.Choose("auto", Sd15, CPU, hasBFloat16: true);
        Assert.Equal(ScalarType.BFloat16, choice.Type);
        Assert.Contains("bfloat16", choice.Told, StringComparison.Ordinal);
        Assert.Equal(ScalarType.Float32, Precision.Choose("auto", Sd15, CPU, hasBFloat16: false).Type);
        Assert.Equal(new PrecisionChoice(ScalarType.Float32, null), Precision.Choose("auto", TinyModel.UNet, CPU, hasBFloat16: true));
        Assert.Equal(ScalarType.Float32, Precision.Choose("auto", Sd15, Gpu, hasBFloat16: true).Type);
    }

    [Fact]
    public void Linux_says_the_same_of_the_processor()
    {
        Assert.SkipUnless(File.Exists("/proc/cpuinfo"), "there is no /proc/cpuinfo");
        var flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ')
            ?? [];
        Assert.Equal(flags.Contains("avx512f") && (flags.Contains("avx512_bf16") || flags.Contains("amx_bf16")), Processor.HasBFloat16);
    }

    [Fact]
    public void Float16_on_a_processor_is_told_to_be_slow_and_not_refused()
    {
        Assert.Contains("six times", Precision.Choose("float16", TinyModel.UNet, CPU).Told, StringComparison.Ordinal);
        Assert.Null(Precision.Warning(ScalarType.Float16, Gpu));
        Assert.Null(Precision.Warning(ScalarType.Float32, CPU));
    }

    [Fact]
    public void A_picture_in_bfloat16_is_float32s_within_two_grey_levels_on_average()
    {
        // A tenth of what lies between two seeds, at the guidance that base-mini's samples have.
        var folder = Path.Combine(House.Root, "data", "base-mini");
        using var exact = StableDiffusion.Load(folder);
        using var half = StableDiffusion.Load(folder, dtype: ScalarType.BFloat16);
        var options = new SampleOptions { Prompt = "a photo of a red house", GuidanceScale = 3, Steps = 20, Count = 4, Seed = 1 };
        var (pictures, same) = (exact.Sample(options), half.Sample(options));
        var apart = pictures.Zip(same, Distance).ToList();
        Assert.All(apart, distance => Assert.InRange(distance, 0.01, 2));
        Assert.True(10 * apart.Max() < pictures.Zip(pictures.Skip(1), Distance).Min());
    }

    private static double Distance(RgbImage a, RgbImage b) => a.Pixels.Zip(b.Pixels, (x, y) => Math.Abs(x - y)).Average();
}
