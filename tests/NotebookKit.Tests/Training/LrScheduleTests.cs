using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

public sealed class LrScheduleTests
{
    public static TheoryData<string> References()
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(House.Golden("training", "manifest.json")));
        return [.. manifest.RootElement.GetProperty("cases").EnumerateArray()
            .Select(c => c.GetProperty("name").GetString()!)
            .Where(name => name.StartsWith("lr:", StringComparison.Ordinal))];
    }

    [Theory]
    [MemberData(nameof(References))]
    public void Every_schedule_gives_the_reference_rates_to_the_last_digit(string name)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(House.Golden("training", "manifest.json")));
        var settings = manifest.RootElement.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == name);
        var args = settings.GetProperty("args");
        var schedule = new LrSchedule(settings.GetProperty("scheduler").GetString()!, settings.GetProperty("base_lr").GetDouble(), settings.GetProperty("warmup").GetInt32(), settings.GetProperty("total").GetInt32())
        {
            Cycles = args.TryGetProperty("num_cycles", out var cycles) ? cycles.GetInt32() : 1,
            Power = args.TryGetProperty("power", out var power) ? power.GetDouble() : 1,
            StepRules = args.TryGetProperty("step_rules", out var rules) ? rules.GetString()! : "1",
        };
        var want = Safetensors.Load(House.Golden("training", "lr.safetensors"))[name["lr:".Length..]].data<double>().ToArray();
        for (var step = 0; step < want.Length; step++)
            Assert.True(Math.Abs(schedule.At(step) - want[step]) <= 1e-12 * Math.Abs(want[step]), $"step {step}: {schedule.At(step):R}, not {want[step]:R}");
    }

    [Fact]
    public void A_warmup_longer_than_the_run_is_warned_about_with_both_numbers()
    {
        // The article's advice for beginners, 500 steps of warmup, with its own 3 pictures times 100 epochs.
        var warning = Assert.Single(new LrSchedule("constant_with_warmup", 1e-4, 500, 300).Warnings());
        Assert.Contains("500", warning, StringComparison.Ordinal);
        Assert.Contains("300", warning, StringComparison.Ordinal);
        Assert.Contains("5.98e-5", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("constant_with_warmup", 500, 501)]
    [InlineData("constant", 500, 300)]
    [InlineData("cosine", 0, 300)]
    public void A_schedule_that_reaches_its_rate_gives_no_warning(string name, int warmup, int total) =>
        Assert.Empty(new LrSchedule(name, 1e-4, warmup, total).Warnings());

    [Fact]
    public void An_unknown_schedule_names_those_that_exist() =>
        Assert.Contains("cosine_with_restarts", Assert.Throws<BadInputException>(() => new LrSchedule("cosin", 1e-4, 0, 10).At(1)).Message, StringComparison.Ordinal);
}
