using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Interop;
using NotebookKit.Lora;
using NotebookKit.Training;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;
using Tomlyn.Model;

namespace NotebookKit.Tests.Interop;

/// <summary>
/// What is written for kohya's and diffusers' trainers has the names and types that these take (the lists below tests/golden/interop
/// say of which version), and what has no counterpart is told.
/// </summary>
public sealed class ExportConfigTests
{
    private static readonly string Photos = Path.Combine(House.Root, "data", "sample-rabbit");
    private static readonly JsonNode Kohya = JsonNode.Parse(File.ReadAllText(House.Golden("interop", "kohya-arguments.json")))!;
    private static readonly JsonNode Diffusers = JsonNode.Parse(File.ReadAllText(House.Golden("interop", "diffusers-arguments.json")))!;

    public static TheoryData<string> Runs => ["plain", "everything", "convolutions", "whole", "word", "prodigy", "piecewise"];

    [Theory]
    [MemberData(nameof(Runs))]
    public void Kohyas_arguments_take_every_name_and_type_that_is_written(string run)
    {
        Assert.Equal("v0.8.7", (string?)Kohya["version"]);
        var exported = KohyaExport.Of(Card(run), 2);
        var script = Regex.Match(exported.Command, @"(\w+)\.py").Groups[1].Value;
        Assert.All(Toml.Parse(exported.Files["config.toml"]), pair => Fits(Kohya[script]!, pair.Key, pair.Value));
        var dataset = Toml.Parse(exported.Files["dataset.toml"]);
        Assert.All((TomlTable)dataset["general"], pair => Fits(Kohya["dataset_config_subset"]!, pair.Key, pair.Value));
        foreach (var data in (TomlTableArray)dataset["datasets"])
        {
            Assert.All(data.Where(pair => pair.Key != "subsets"), pair => Fits(Kohya["dataset_config_dataset"]!, pair.Key, pair.Value));
            Assert.All((TomlTableArray)data["subsets"], subset =>
                Assert.All(subset, pair => Fits(Kohya["dataset_config_subset"]!, pair.Key, pair.Value)));
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Diffusers_arguments_take_every_name_and_value_that_is_written(string run)
    {
        Assert.Equal("v0.35.1", (string?)Diffusers["version"]);
        var exported = DiffusersExport.Of(Card(run), 2);
        var script = Regex.Match(exported.Command, @"/(\w+)\.py").Groups[1].Value;
        var arguments = exported.Command.Split(" \\\n").Skip(1).Select(line => line.Trim().Split(' ', 2)).ToList();
        Assert.True(arguments.Count > 10);
        foreach (var argument in arguments)
        {
            var known = Diffusers[script]![argument[0][2..]];
            Assert.True(known is not null, $"{script} has no {argument[0]}");
            var type = (string?)known["type"];
            Assert.Equal(type == "switch", argument.Length == 1);
            if (type is "int")
                Assert.True(long.TryParse(argument[1], out _), string.Join(' ', argument));
            if (type is "float")
                Assert.True(double.TryParse(argument[1], System.Globalization.CultureInfo.InvariantCulture, out _), string.Join(' ',
                    argument));
        }
    }

    // Each setting by itself, set otherwise than usual: it changes what is written, or it is told.
    [Theory]
    [InlineData("kohya")]
    [InlineData("diffusers")]
    public void No_setting_is_dropped_silently(string trainer)
    {
        string[] places = ["output", "resume", "method", "instance_dir"];
        var plain = Exported(Card("plain").Settings, trainer);
        var dropped = new List<string>();
        foreach (var setting in Setting.All.Where(setting => !places.Contains(setting.Name)))
        {
            var options = Card("plain").Settings;
            // What another setting switches on.
            if (setting.Needs.HasFlag(Need.Samples) || setting.Name is "sample_steps" or "sampler")
                options = options with { Samples = options.Samples with { Every = 5 } };
            if (setting.Name is "conv_rank" or "conv_alpha")
                options = options with { Method = TrainMethod.LoraExtended };
            if (setting.Name is "text_learning_rate" or "text_encoder_ratio")
                options = options with { TrainTextEncoder = true };
            options = setting.Name switch
            {
                "schedule_cycles" => options with { Learning = options.Learning with { Schedule = "cosine_with_restarts" } },
                "schedule_power" or "schedule_end" => options with { Learning = options.Learning with { Schedule = "polynomial" } },
                "schedule_rules" => options with { Learning = options.Learning with { Schedule = "piecewise_constant" } },
                "keep_last" => options with { Saving = options.Saving with { Every = 5 } },
                "token_vectors" => options with { Method = TrainMethod.TextualInversion },
                "caption_extension" => options with { Concepts = [options.Concepts[0] with { InstancePrompt = TrainOptions.FileWords }] },
                "class_token" or "instance_token_only" => options with
                {
                    Concepts = [options.Concepts[0] with
                    { InstanceToken = "zwx", ClassToken = "toy", InstancePrompt = TrainOptions.FileWords }]
                },
                _ => options,
            };
            var before = Exported(options, trainer);
            if (Other(setting, options) is { } other && Exported(setting.With(options, other), trainer) == before)
                dropped.Add(setting.Name);
        }

        Assert.NotEmpty(plain);
        // What means nothing to the method, or says it in other words; a schedule that is told as a whole has no rules to tell.
        Assert.Empty(dropped.Except([trainer == "kohya" ? "" : "schedule_rules", "token_vectors", "class_images_per_instance",
            "class_images", "instance_token_only", "class_token"]));
    }

    [Fact]
    public void RsLoRA_becomes_the_alpha_that_scales_alike()
    {
        var card = Card("plain");
        var exported = KohyaExport.Of(card with { Settings = card.Settings with { Lora = new() { Rank = 16, Alpha = 4, RsLora = true } } });
        Assert.Contains("network_alpha = 16.0\n", exported.Files["config.toml"], StringComparison.Ordinal); // 4 / √16 is 16 / 16
    }

    [Fact]
    public void Imagic_has_no_counterpart() => Assert.Contains("Imagic has no counterpart", Assert.Throws<BadInputException>(() =>
        KohyaExport.Of(Card("plain") with { Settings = new() { Method = TrainMethod.Imagic } })).Message, StringComparison.Ordinal);

    private static string Exported(TrainOptions options, string trainer)
    {
        var card = Card("plain") with { Settings = options };
        var exported = trainer == "kohya" ? KohyaExport.Of(card) : DiffusersExport.Of(card);
        return string.Join('\n', exported.Files.Values.Concat(exported.Missing));
    }

    private static object? Other(Setting setting, TrainOptions options)
    {
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        var now = setting.Of(options);
        return type switch
        {
            _ when type == typeof(bool) => !(bool)now!,
            _ when type == typeof(int) => (int?)now is { } whole ? whole + 1 : 3,
            _ when type == typeof(ulong) => 77UL,
            _ when type == typeof(double) => setting.Name is "text_encoder_ratio" or "ema_decay" or "caption_dropout" or "lora_dropout"
                ? 0.4
                : (double?)now is { } number ? number + 0.25 : 0.25,
            _ when type == typeof(TorchSharp.torch.ScalarType) => TorchSharp.torch.ScalarType.BFloat16,
            _ when type.IsEnum => Enum.GetValues(type).Cast<object>().FirstOrDefault(value => !value.Equals(now)
               ),
            _ when type == typeof(string) => setting.Name switch { "schedule" => "cosine", "sampler" => "unipc", _ => "other" },
            _ when type == typeof(LoraTargets) => LoraTargets.Parse("all"),
            _ when type == typeof(IReadOnlyList<string>) => new[] { "one", "two" },
            _ => null,
        };
    }

    private static void Fits(JsonNode known, string name, object value)
    {
        Assert.True(known[name] is not null, $"there is no argument {name}");
        var type = (string?)known[name]!["type"];
        var fits = type switch
        {
            "switch" or "bool" or "strtobool" => value is bool,
            "int" => value is long,
            "int_or_float" => value is long or double,
            "float" => value is double or long,
            _ => value is string || (name is "resolution" && value is long),
        };
        if ((bool?)known[name]!["list"] == true)
            fits = value is TomlArray list && list.All(one => one is string);
        Assert.True(fits, $"{name} is {type}, not {value} ({value.GetType().Name})");
        if (known[name]!["choices"] is JsonArray choices)
            Assert.Contains($"{value}", choices.Select(choice => $"{choice}"));
    }

    private static RunCard Card(string run)
    {
        var plain = new TrainOptions
        {
            Concepts = [new() { InstanceDir = Photos, InstancePrompt = "a photo of zwx toy", ClassPrompt = "a photo of a toy",
                ClassImages = 8 }],
            Intervals = new() { Epochs = 20 },
        };
        var options = run switch
        {
            "everything" => plain with
            {
                Concepts = [plain.Concepts[0] with { InstancePrompt = "photo of [filewords], 4k", Repeats = 3, SamplePrompts = ["a zwx",
                    "a toy"] }],
                TrainTextEncoder = true,
                Loss = new() { SnrGamma = 5, NoiseOffset = 0.1, PriorLossWeight = 0.2 },
                Learning = new()
                {
                    Rate = 2e-5,
                    TextRate = 1e-5,
                    Schedule = "polynomial",
                    Power = 2,
                    Warmup = 10,
                    Optimizer = OptimizerKind.AdamW8bit
                },
                Images = new() { Size = 512, Flip = true, RandomCrop = true, ShuffleCaptions = true, CaptionDropout = 0.1 },
                Intervals = new() { Epochs = 20, BatchSize = 2, GradientAccumulation = 2 },
                Memory = new() { GradientCheckpointing = true },
                Samples = new() { Every = 5, AtFirst = true, Sampler = "euler_a", SanityPrompt = "a \"dog\" \\ cat" },
                Saving = new() { Every = 5, KeepLast = 3 },
                Lora = new() { Rank = 4, Alpha = 2, Dropout = 0.1 },
            },
            "convolutions" => plain with
            {
                Method = TrainMethod.LoraExtended,
                Lora = new() { Rank = 8, ConvRank = 4, Targets = LoraTargets.Parse("locon") }
            },
            "whole" => plain with { Method = TrainMethod.DreamBooth, Learning = new() { Optimizer = OptimizerKind.Adafactor } },
            "word" => plain with
            {
                Method = TrainMethod.TextualInversion,
                TokenVectors = 2,
                Concepts = [plain.Concepts[0] with { InstanceToken = "zwx", ClassToken = "toy", ClassPrompt = null }],
            },
            "prodigy" => plain with
            {
                Learning = new() { Optimizer = OptimizerKind.Prodigy, Schedule = "cosine_with_restarts", Cycles = 3 }
            },
            "piecewise" => plain with { Learning = new() { Schedule = "piecewise_constant", Rules = "1:10,0.1" } },
            _ => plain,
        };
        return new RunCard("models/sd15", null, new Dictionary<string, string>(), new Dictionary<string, string>(), options,
            new Dictionary<string, string> { ["dtype"] = "bfloat16" });
    }
}
