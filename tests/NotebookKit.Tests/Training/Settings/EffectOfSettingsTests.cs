using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Settings;

/// <summary>Of every setting that the weights depend on another value gives other weights, or is refused, or told to do nothing.</summary>
public sealed class EffectOfSettingsTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _runs;

    // What its type alone doesn't tell.
    private static readonly Dictionary<string, object> Values = new()
    {
        ["--instance-prompt"] = "a drawing of qvr toy",
        ["--class-prompt"] = "a drawing of a toy",
        ["--class-token"] = "toy",
        ["--instance-token"] = "qvr",
        ["--caption-extension"] = ".caption",
        ["--picture-weight"] = new Dictionary<string, double> { ["0.png"] = 0.25 },
        ["--lora-rank"] = new[] { new LoraRank(LoraTargets.Parse("attn2"), 1) },
        ["--lora-targets"] = LoraTargets.Parse("attn2"),
        ["--schedule"] = "linear",
        ["--step-rules"] = "0.5:1,0.25",
        ["--lr"] = 2e-3,
        ["--text-lr"] = 2e-3,
        ["--resolution"] = 24,
        ["--class-steps"] = 1,
        ["--class-negative-prompt"] = "a red cat",
        ["--token-vectors"] = 2,
        ["--max-grad-norm"] = 1e-6,
        ["--class-images"] = 5,
        ["--class-images-per-instance"] = 2,
        ["--text-encoder-ratio"] = 0.5,
        ["--lora-kind"] = "vera",
        ["--sampler"] = "euler",
        ["--optimizer"] = OptimizerKind.Lion, // in 8 bits small layers are kept as they are
    };

    [Theory]
    [InlineData(TrainMethod.Lora)]
    [InlineData(TrainMethod.LoraExtended)]
    [InlineData(TrainMethod.DreamBooth)]
    [InlineData(TrainMethod.TextualInversion)]
    [InlineData(TrainMethod.Imagic)]
    public void It_changes_the_weights_or_is_refused_or_told(TrainMethod method) =>
        // At so small a size there is one bucket.
        NoneIsSilent(Options(method), setting => setting.Flag is not ("--method" or "--no-buckets"));

    public static TheoryData<string> Schedules => [.. LrSchedule.Names];

    [Theory]
    [MemberData(nameof(Schedules))]
    public void So_does_each_of_the_learning_rate_with_every_schedule(string schedule)
    {
        var usual = Options(TrainMethod.Lora);
        NoneIsSilent(usual with { Learning = usual.Learning with { Schedule = schedule } },
            setting => setting.Theme == "Learning" && setting.Flag is not ("--schedule" or "--optimizer"));
    }

    public static TheoryData<OptimizerKind> Optimizers => [.. Enum.GetValues<OptimizerKind>()];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void And_with_every_optimizer(OptimizerKind optimizer)
    {
        var usual = Options(TrainMethod.Lora);
        NoneIsSilent(usual with { Learning = usual.Learning with { Optimizer = optimizer } },
            setting => setting.Theme == "Learning" && setting.Flag != "--optimizer");
    }

    public void Dispose() => _folder.Dispose();

    private void NoneIsSilent(TrainOptions usual, Func<Setting, bool> looked)
    {
        var before = Weights(usual);
        var silent = new List<string>();
        foreach (var setting in Setting.All.Where(setting => !setting.MayChange && looked(setting)))
        {
            try
            {
                var changed = setting.With(usual, Values.GetValueOrDefault(setting.Flag) ?? Another(setting, usual));
                if (!Told(setting, changed) && !Told(setting, usual) && Weights(changed) == before)
                    silent.Add(setting.Flag);
            }
            catch (BadInputException)
            {
                // Refused.
            }
        }

        Assert.True(silent.Count == 0, string.Join(' ', silent));
    }

    private bool Told(Setting setting, TrainOptions options)
    {
        using var sd = StableDiffusion.Load(tiny.Folder);
        var whole = options.ForBase(sd);
        return NeedWords.Unused(options, given => given.ForBase(sd)).Concat(TrainNotices.Of(whole, sd))
                .Any(sentence => sentence.Contains(setting.Flag + " ", StringComparison.Ordinal))
            || whole.ScheduleOver(4).Warnings().Any(sentence => sentence.Contains(setting.Flag[2..] + " ", StringComparison.Ordinal));
    }

    private TrainOptions Options(TrainMethod method) => new()
    {
        Concepts = [new() { InstanceDir = tiny.Pictures, InstancePrompt = "[filewords]", InstanceToken = "zwx",
            ClassPrompt = "a photo of a toy",
            ClassImages = 3 }],
        Method = method,
        Intervals = new() { Epochs = 2, BatchSize = 2 },
        Samples = new() { Steps = 2 },
        Lora = new() { Rank = 2 },
        Seed = 5,
    };

    // The result's numbers, in one sum.
    private string Weights(TrainOptions options)
    {
        using var scope = NewDisposeScope();
        using var sd = StableDiffusion.Load(tiny.Folder);
        var output = _folder[$"{_runs++}" + (options.WritesModel ? "" : ".safetensors")];
        var concept = options.Concepts[0] with { ClassDir = output + "-class" };
        var result = new DreamBoothTrainer(sd, options with
        {
            Concepts = [concept],
            Saving = options.Saving with { Output = output, As = ScalarType.Float32 }
        }).Train();
        var file = options.WritesModel ? Path.Combine(result.Output, "unet", "diffusion_pytorch_model.safetensors") : result.Output;
        return string.Join(' ', Safetensors.Load(file).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $"{pair.Key} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(pair.Value.bytes.ToArray()))}"));
    }

    private static object Another(Setting setting, TrainOptions usual)
    {
        var now = setting.Of(usual);
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        return type.IsEnum ? Enum.GetValues(type).Cast<object>().First(value => !value.Equals(now ?? Enum.GetValues(type).GetValue(0)))
            : type == typeof(bool) ? (object)(now is false)
            : type == typeof(int) ? (object)3
            : type == typeof(ulong) ? (object)12UL
            : type == typeof(double) ? (object)0.625
            : throw new InvalidOperationException($"{setting.Flag} needs a value in the table");
    }
}
