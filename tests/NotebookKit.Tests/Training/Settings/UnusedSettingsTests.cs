using System.Globalization;
using NotebookKit.Training;
using NotebookKit.Training.Settings;

namespace NotebookKit.Tests.Training.Settings;

/// <summary>A setting that a run has no use for is told, and one that it has a use for is not.</summary>
public sealed class UnusedSettingsTests
{
    // Every setting that needs something x method x schedule.
    [Fact]
    public void Every_setting_is_told_exactly_where_its_need_is_not_met()
    {
        foreach (var method in Enum.GetValues<TrainMethod>())
        {
            foreach (var schedule in LrSchedule.Names)
            {
                var run = new TrainOptions { Method = method, Learning = new() { Schedule = schedule } };
                foreach (var setting in Setting.All.Where(setting => setting.Needs != Need.None))
                {
                    var changed = setting.With(run, Another(setting));
                    var told = NeedWords.Unused(changed, given => given)
                        .Any(sentence => sentence.StartsWith(setting.Flag + " ", StringComparison.Ordinal));
                    Assert.True(told != NeedWords.Met(setting.Needs, changed), $"{setting.Flag}, {method}, {schedule}");
                }
            }
        }
    }

    [Theory]
    [InlineData("--text-lr", "text that learns")]
    [InlineData("--cycles", "--schedule cosine_with_restarts")]
    [InlineData("--power", "--schedule polynomial")]
    [InlineData("--lr-end", "--schedule polynomial")]
    [InlineData("--conv-rank", "a LoRA on convolutions")]
    [InlineData("--token-vectors", "--method textual_inversion")]
    [InlineData("--class-images", "class images (--class-prompt)")]
    public void The_sentence_says_what_the_setting_needs(string flag, string need)
    {
        var setting = Setting.All.Single(setting => setting.Flag == flag);
        var sentence = Assert.Single(NeedWords.Unused(setting.With(new TrainOptions(), Another(setting)), given => given));
        Assert.StartsWith($"{flag} has no effect here: it needs ", sentence, StringComparison.Ordinal);
        Assert.Contains(need, sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_base_fills_in_is_not_told() => Assert.Empty(NeedWords.Unused(
        new TrainOptions { Learning = new() { TextRate = 1e-5 } },
        given => given with { Learning = given.Learning with { TextRate = given.Learning.TextRate ?? 1e-5 } }));

    [Fact]
    public void More_restarts_than_the_steps_allow_are_told()
    {
        Assert.Contains("5 restarts", Assert.Single(new LrSchedule("cosine_with_restarts", 1e-4, 0, 6) { Cycles = 5 }.Warnings()),
            StringComparison.Ordinal);
        Assert.Empty(new LrSchedule("cosine_with_restarts", 1e-4, 0, 6) { Cycles = 3 }.Warnings());
    }

    // A value that is not the usual one.
    private static object Another(Setting setting)
    {
        var now = setting.Of(new TrainOptions());
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        return type.IsEnum ? Enum.GetValues(type).Cast<object>().First(value => !value.Equals(now))
            : type == typeof(bool) ? now is false
            : type == typeof(string) ? "zkr"
            : type.IsValueType ? Convert.ChangeType(3, type, CultureInfo.InvariantCulture)
            : type == typeof(NotebookKit.Lora.LoraTargets) ? NotebookKit.Lora.LoraTargets.Kohya
            : type == typeof(IReadOnlyList<NotebookKit.Lora.LoraRank>)
                ? new[] { new NotebookKit.Lora.LoraRank(NotebookKit.Lora.LoraTargets.All, 2) }
            : (object)new[] { "one" };
    }
}
