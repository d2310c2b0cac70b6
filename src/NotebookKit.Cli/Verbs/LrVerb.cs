using System.CommandLine;
using System.Text.Json;
using NotebookKit.Charts;
using NotebookKit.Training;
using NotebookKit.Training.Settings;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit lr</c>: the learning rate of every optimizer step, before anything is trained.</summary>
internal static class LrVerb
{
    /// <summary>The verb with its options.</summary>
    public static Command Create()
    {
        var flags = new TrainFlags("--schedule", "--lr", "--warmup", "--cycles", "--power", "--lr-end", "--step-rules");
        var total = new Option<int>("--total")
        {
            Description = "optimizer steps of the run: pictures × epochs / (batch × accumulation)",
            Required = true
        };
        var svg = new Option<string?>("--svg") { Description = "draw the curve into this file" };
        var command = new Command("lr", "Show the learning rate of every optimizer step, and what about it will surprise.") { total, svg };
        foreach (var flag in flags.Options)
            command.Options.Add(flag);
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var options = flags.Read(parse, new TrainOptions { Learning = new() { Rate = 1e-4 } });
            var schedule = options.ScheduleOver(parse.GetValue(total));
            schedule.Validate();
            foreach (var unused in NeedWords.Unused(options, whole => whole))
                Console.Error.WriteLine($"kit: note: {unused}");
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
            Console.WriteLine(FormattableString.Invariant(
                $"{step,8}  {schedule.At(step):0.000e-0}  {new string('#', (int)Math.Round(40 * schedule.FactorAt(step)))}"));
        foreach (var warning in schedule.Warnings())
            Console.WriteLine(warning);
    }
}
