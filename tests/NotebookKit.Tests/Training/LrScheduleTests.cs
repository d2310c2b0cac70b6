using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Charts;
using NotebookKit.Checkpoints;
using NotebookKit.Tests.Cli;
using NotebookKit.Training;

namespace NotebookKit.Tests.Training;

public sealed class LrScheduleTests
{
    [Fact]
    public void Every_reference_curve_comes_out_to_the_last_digit()
    {
        var cases = JsonNode.Parse(File.ReadAllText(House.Golden("training", "manifest.json")))!["cases"]!.AsArray()
            .Where(one => one!["scheduler"] is not null).ToList();
        var expected = Safetensors.Load(House.Golden("training", "lr.safetensors"));
        Assert.NotEmpty(cases);
        foreach (var one in cases)
        {
            var args = one!["args"]!;
            var schedule = new LrSchedule((string)one["scheduler"]!, (double)one["base_lr"]!, (int)one["warmup"]!, (int)one["total"]!)
            {
                Cycles = (int?)args["num_cycles"] ?? 1,
                Power = (double?)args["power"] ?? 1,
                StepRules = (string?)args["step_rules"] ?? "1",
            };
            var want = expected[((string)one["name"]!)["lr:".Length..]].data<double>().ToArray();
            for (var step = 0; step < want.Length; step++)
                Assert.True(Math.Abs(schedule.At(step) - want[step]) <= 4e-16 * want[step],
                    $"{one["name"]} step {step}: {schedule.At(step):R} for {want[step]:R}");
        }
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

    [Fact]
    public void A_warmup_that_the_schedule_does_not_know_is_said() =>
        Assert.Contains("constant_with_warmup", Assert.Single(new LrSchedule("constant", 1e-4, 500, 1000).Warnings()),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("constant_with_warmup", 500, 501)]
    [InlineData("constant", 0, 300)]
    [InlineData("cosine", 0, 300)]
    public void A_schedule_that_reaches_its_rate_gives_no_warning(string name, int warmup, int total) =>
        Assert.Empty(new LrSchedule(name, 1e-4, warmup, total).Warnings());

    [Theory]
    [InlineData("cosin", "cosine")]
    [InlineData("Constant-with-warm-up", "constant_with_warmup")]
    [InlineData("poly", "polynomial")]
    [InlineData("cosine_restarts", "cosine_with_restarts")]
    public void An_unknown_schedule_is_answered_with_the_nearest_name(string given, string meant) =>
        Assert.Contains($"did you mean {meant}",
            Assert.ThrowsAny<BadInputException>(() => new LrSchedule(given, 1e-4, 0, 10).Validate()).Message, StringComparison.Ordinal);

    [Fact]
    public void A_name_near_to_none_lists_those_that_exist() =>
        Assert.Contains("choose one of constant, ", LrSchedule.Unknown("zzz"), StringComparison.Ordinal);

    [Fact]
    public void A_polynomial_that_would_climb_is_refused() =>
        Assert.Contains("1e-7", Assert.ThrowsAny<BadInputException>(() => new LrSchedule("polynomial", 1e-8, 0, 10).Validate()).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Broken_step_rules_are_refused_with_an_example() =>
        Assert.Contains("1:100,0.1:200,0.01",
            Assert.ThrowsAny<BadInputException>(() =>
                new LrSchedule("piecewise_constant", 1e-4, 0, 10) { StepRules = "1:a,2" }.Validate()).Message, StringComparison.Ordinal);

    [Fact]
    public void The_curve_can_be_drawn_before_training()
    {
        var svg = LrSchedule.Draw(LrSchedule.Names.Select(name => new LrSchedule(name, 1e-4, 20, 100))).ToSvg();
        Assert.All(LrSchedule.Names, name => Assert.Contains($">{name}</text>", svg, StringComparison.Ordinal));
    }

    [Fact]
    public void The_verb_prints_rates_and_warnings()
    {
        var (code, output, _) = KitCommand.Run("lr", "--schedule", "linear", "--lr", "2e-6", "--warmup", "500", "--total", "300", "--json");
        Assert.Equal(0, code);
        var answer = JsonDocument.Parse(output).RootElement;
        Assert.Equal(300, answer.GetProperty("lr").GetArrayLength());
        Assert.Equal(2e-6 * (1 / 500.0), answer.GetProperty("lr")[1].GetDouble());
        Assert.Contains("500", Assert.Single(answer.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }
}
