using System.Reflection;
using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Schedulers;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Training.Settings;

/// <summary>A setting is declared once, where it is defined; everything else comes from there.</summary>
public sealed class SettingTests
{
    // A LoRA's seed is its run's; what a theme or the list of concepts holds is declared inside.
    private static readonly string[] Undeclared = [$"{nameof(LoraOptions)}.{nameof(LoraOptions.Seed)}",
        $"{nameof(TrainOptions)}.{nameof(TrainOptions.Concepts)}"];

    public static TheoryData<string> Flags => [.. Setting.All.Select(setting => setting.Flag)];

    [Fact]
    public void Every_property_is_declared()
    {
        Type[] records = [typeof(Concept), typeof(TrainOptions),
            .. Setting.All.Select(setting => setting.Property.DeclaringType!).Distinct()];
        var missing = from type in records.Distinct()
                      from property in type.GetProperties()
                      where property.SetMethod is not null && !records.Contains(property.PropertyType)
                      where !property.IsDefined(typeof(SettingAttribute)) && !Undeclared.Contains($"{type.Name}.{property.Name}")
                      select $"{type.Name}.{property.Name}";
        Assert.Empty(missing);
    }

    [Fact]
    public void No_two_have_a_flag_or_a_name_in_common()
    {
        Assert.Equal(Setting.All.Count, Setting.All.Select(setting => setting.Flag).Distinct().Count());
        Assert.Equal(Setting.All.Count, Setting.All.Select(setting => setting.Name).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Flags))]
    public void A_value_goes_from_a_flag_into_the_record_the_card_and_back_into_the_flag(string flag)
    {
        var setting = Setting.All.Single(setting => setting.Flag == flag);
        var value = Another(setting);
        var texts = SettingText.WriteAll(setting, value);
        var options = setting.With(new TrainOptions(), SettingText.Read(setting, texts));
        Assert.Equal(JsonSerializer.Serialize(value, TrainLog.Json), JsonSerializer.Serialize(setting.Of(options), TrainLog.Json));

        var card = JsonSerializer.Serialize(options, TrainLog.Json);
        Assert.Contains($"\"{setting.Name}\"", card, StringComparison.Ordinal);
        var again = JsonSerializer.Deserialize<TrainOptions>(card, TrainLog.Json)!;
        Assert.Equal(card, JsonSerializer.Serialize(again, TrainLog.Json));
        Assert.Equal(texts, SettingText.WriteAll(setting, setting.Of(again)!));
        // Nothing else has changed.
        Assert.All(Setting.All.Where(other => other != setting),
            other => Assert.Equal(Text(other.Of(new TrainOptions())), Text(other.Of(again))));
    }

    [Fact]
    public void The_sentences_that_list_names_list_them_all()
    {
        Assert.Contains(string.Join(", ", LrSchedule.Names), Help("--schedule"), StringComparison.Ordinal);
        Assert.Contains(string.Join(", ", Scheduler.Names), Help("--sampler"), StringComparison.Ordinal);
        Assert.All(Choices.Names<TrainMethod>(), name => Assert.Contains(name, Help("--method"), StringComparison.Ordinal));
        Assert.All(Choices.Names<OptimizerKind>(), name => Assert.Contains(name, Help("--optimizer"), StringComparison.Ordinal));
        Assert.All(Choices.Names<LoraInit>(), name => Assert.Contains(name, Help("--lora-init"), StringComparison.Ordinal));
        Assert.All(LoraOptions.Kinds, name => Assert.Contains(name, Help("--lora-kind"), StringComparison.Ordinal));
        Assert.All(Choices.Names<DoraNorm>(), name => Assert.Contains(name, Help("--dora"), StringComparison.Ordinal));

        static string Help(string flag) => Setting.All.Single(setting => setting.Flag == flag).Help;
    }

    [Fact]
    public void The_help_says_what_a_setting_needs_and_what_is_usual() =>
        Assert.Equal("LoRA: numbers that pass through each adapter (8)", Setting.All.Single(setting => setting.Flag == "--rank").Help);

    [Fact]
    public void A_need_is_met_by_the_run_that_has_it()
    {
        Assert.True(NeedWords.Met(Need.Lora, new TrainOptions()));
        Assert.False(NeedWords.Met(Need.Lora, new TrainOptions { Method = TrainMethod.DreamBooth }));
        Assert.False(NeedWords.Met(Need.Polynomial, new TrainOptions()));
        Assert.True(NeedWords.Met(Need.Polynomial, new TrainOptions { Learning = new() { Schedule = "polynomial" } }));
        Assert.True(NeedWords.Met(Need.Lora | Need.Convolutions, new TrainOptions { Method = TrainMethod.LoraExtended }));
    }

    [Fact]
    public void A_card_of_before_is_read_with_its_concepts_beside_the_settings()
    {
        var options = JsonSerializer.Deserialize<TrainOptions>(
            """{"prior_loss_weight":0.2,"rank":3,"lora_init":"pissa","targets":"extended","class_guidance":2,"instance_dir":"a","instance_prompt":"zwx","class_images":7,"more_concepts":[{"instance_dir":"b","instance_prompt":"qvr"}]}""",
            TrainLog.Json)!;
        Assert.Equal((0.2, 3, LoraInit.Pissa, "a", 7, 2.0),
            (options.Loss.PriorLossWeight, options.Lora.Rank, options.Lora.Init, options.Concepts[0].InstanceDir,
                options.Concepts[0].ClassImages, options.Concepts[0].ClassGuidance));
        Assert.Equal(["a", "b"], options.Concepts.Select(concept => concept.InstanceDir));
    }

    [Fact]
    public void A_setting_that_a_card_names_and_the_kit_does_not_know_is_refused() =>
        Assert.Contains("did you mean rank",
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TrainOptions>("""{"ranks":3}""", TrainLog.Json)).Message,
            StringComparison.Ordinal);

    private static string Text(object? value) => JsonSerializer.Serialize(value, TrainLog.Json);

    // A value that is not the usual one.
    private static object Another(Setting setting)
    {
        var now = setting.Of(new TrainOptions());
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        return type.IsEnum && type != typeof(ScalarType) ? Enum.GetValues(type).Cast<object>().First(value => !value.Equals(now))
            : type == typeof(ScalarType) ? ScalarType.BFloat16
            : type == typeof(bool) ? now is false
            : type == typeof(int) ? 3
            : type == typeof(ulong) ? 12345678901234567890UL
            : type == typeof(double) ? 0.625
            : type == typeof(string) ? "a text, with \"quotes\""
            : type == typeof(LoraTargets) ? LoraTargets.Extended
            : type == typeof(IReadOnlyList<KnobTurn>)
            ? new[] { new KnobTurn(4, PriorLossWeight: 0.1), new KnobTurn(9, RateFactor: 0.5) }
            : type == typeof(IReadOnlyList<LoraRank>)
            ? new[] { new LoraRank(LoraTargets.Parse("mid_block"), 2, 0.5), new LoraRank(LoraTargets.Parse("attn2"), 0) }
            : type == typeof(IReadOnlyDictionary<string, double>) ? new Dictionary<string, double> { ["a=b.png"] = 0.25 }
            : (object)new[] { "one, two", "three" };
    }
}
