using System.CommandLine;
using System.Text.Json;
using NotebookKit.Charts;
using NotebookKit.Training;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit lr</c>: the learning rate of every optimizer step, before anything is trained.</summary>
internal static class LrVerb
{
    /// <summary>The verb with its options.</summary>
    public static Command Create()
    {
        var name = new Option<string>("--schedule") { DefaultValueFactory = _ => "constant_with_warmup", Description = string.Join(", ", LrSchedule.Names) };
        var rate = new Option<double>("--lr") { DefaultValueFactory = _ => 1e-4, Description = "the learning rate after warmup" };
        var warmup = new Option<int>("--warmup") { Description = "optimizer steps over which it climbs from 0" };
        var total = new Option<int>("--total") { Description = "optimizer steps of the run: pictures × epochs / (batch × accumulation)", Required = true };
        var cycles = new Option<int>("--cycles") { DefaultValueFactory = _ => 1, Description = "cosine_with_restarts: how often it falls to 0" };
        var power = new Option<double>("--power") { DefaultValueFactory = _ => 1, Description = "polynomial: the exponent" };
        var end = new Option<double>("--lr-end") { DefaultValueFactory = _ => 1e-7, Description = "polynomial: the rate it ends at" };
        var rules = new Option<string>("--step-rules") { DefaultValueFactory = _ => "1", Description = "piecewise_constant: factor:until step, …, last factor" };
        var svg = new Option<string?>("--svg") { Description = "draw the curve into this file" };
        var command = new Command("lr", "Show the learning rate of every optimizer step, and what about it will surprise.") { name, rate, warmup, total, cycles, power, end, rules, svg };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var schedule = new LrSchedule(parse.GetValue(name)!, parse.GetValue(rate), parse.GetValue(warmup), parse.GetValue(total))
            {
                Cycles = parse.GetValue(cycles),
                Power = parse.GetValue(power),
                End = parse.GetValue(end),
                StepRules = parse.GetValue(rules)!,
            };
            schedule.Validate();
            if (parse.GetValue(svg) is { } path)
                Checkpoints.AtomicFile.WriteText(path, schedule.Draw().ToSvg());
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(new { Lr = schedule.Rates(), Warnings = schedule.Warnings() }, Verb.Json));
            else
                Show(schedule);
            return 0;
        });
        return command;
    }

    // A dozen steps over the run say what the curve does.
    private static void Show(LrSchedule schedule)
    {
        const int shown = 12;
        var steps = Enumerable.Range(0, shown + 1).Select(i => (int)((long)i * (schedule.Total - 1) / shown)).Distinct();
        foreach (var step in steps)
            Console.WriteLine(FormattableString.Invariant($"{step,8}  {schedule.At(step):0.000e-0}  {new string('#', (int)Math.Round(40 * schedule.FactorAt(step)))}"));
        foreach (var warning in schedule.Warnings())
            Console.WriteLine(warning);
    }
}
