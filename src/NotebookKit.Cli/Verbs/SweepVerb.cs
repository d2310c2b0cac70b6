using System.CommandLine;
using System.Text.Json;
using NotebookKit.Sweeps;
using NotebookKit.Training.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit sweep</c>: many trainings that differ in their settings and seeds, here or on a Slurm cluster, and one table.</summary>
internal static class SweepVerb
{
    private static readonly Argument<string> Spec = new("SPEC")
    { Description = "the sweep's specification, JSON: settings, vary, points, seeds (docs/training.md)" };
    private static readonly Option<string> On = new("--on")
    { DefaultValueFactory = _ => "local", Description = "local: on this machine; slurm: as job arrays on a cluster" };
    private static readonly Option<string?> Out = new("--out")
    {
        Description = "the sweep's folder, for slurm on a file system that its nodes see (runs/NAME, the specification's, where the studio "
        + "lists it)"
    };
    private static readonly Option<int?> Workers = new("--workers")
    { Description = "points at once: as many as cores and memory allow; on a cluster as there is room for" };
    private static readonly Option<bool> Plan = new("--plan") { Description = "say what would be trained and what it needs, and stop" };
    private static readonly Option<string?> Partition = new("--partition") { Description = "slurm: the partition" };
    private static readonly Option<string?> Account = new("--account") { Description = "slurm: the account that is charged" };
    private static readonly Option<string[]> More = new("--sbatch")
    { Description = "slurm: a further option of sbatch, as --sbatch=--qos=long; repeat for more" };

    /// <summary>The verb with its subverbs.</summary>
    public static Command Create()
    {
        var verb = new Command("sweep", "Train many points, a grid or list of settings and seeds, here or on a Slurm cluster, and gather "
            + "one "
            + "table.") { Spec, On, Out, Workers, Plan, Partition, Account, More };
        On.AcceptOnlyFromAmong("local", "slurm");
        foreach (var under in new[] { SweepFolderVerbs.Status(), SweepFolderVerbs.Cancel(), SweepFolderVerbs.Gather(),
            SweepFolderVerbs.Point() })
            verb.Subcommands.Add(under);
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse => Run(parse, parse.GetValue(json)));
        return verb;
    }

    private static int Run(ParseResult parse, bool json)
    {
        if (parse.GetValue(Workers) is < 1)
            throw new BadInputException($"--workers must be at least 1, not {parse.GetValue(Workers)}.");
        var file = parse.GetValue(Spec)!;
        var spec = SweepSpec.Read(file, BaseOption.Miniature, ProbeVerb.Shipped);
        var slurm = parse.GetValue(On) == "slurm";
        // A cluster's nodes have what the log-in node lacks.
        var device = slurm && spec.Device is { } named ? new Device(named) : DeviceOption.Of(spec.Device ?? (slurm ? "cpu" : null));
        SweepChecks.Check(spec, file);
        var memory = slurm ? null : MachineMemory.Of(device);
        var forecast = SweepForecast.Of(spec, Enumerable.Range(0, spec.Count), device, memory?.Total);
        var gpus = device.type == DeviceType.CUDA ? slurm || device.index >= 0 && spec.Device?.Contains(':') == true ? 1
            : cuda.device_count() : 0;
        Console.Error.WriteLine($"{spec.Count} points; the largest ({forecast.Largest}) needs "
            + $"{MemoryForecast.Size(forecast.Memory.Needed)}");
        if (!forecast.Memory.Fits)
            throw new BadInputException($"The point {forecast.Largest} needs {MemoryForecast.Size(forecast.Memory.Needed)}, and there are "
                + $"{MemoryForecast.Size(memory!.Total)}. {string.Join(' ', forecast.Memory.Advice)}");
        if (parse.GetValue(Plan))
            return Tell(spec, json);
        var folder = SweepFolder.Lay(parse.GetValue(Out) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(file)), spec);
        return slurm ? Submit(parse, folder, SlurmAsk.Of(forecast, gpus > 0), json)
            : Train(parse.GetValue(Workers), folder, forecast, gpus, memory, json);
    }

    private static int Train(int? wanted, SweepFolder folder, SweepForecast forecast, int gpus, MachineMemory? memory, bool json)
    {
        using var stop = new StopSignals();
        var workers = LocalSweep.Workers(wanted, folder.Spec.Threads, gpus, forecast.Memory.Needed, memory);
        var all = new LocalSweep(folder, Program(), Console.Error.WriteLine).Run(workers, gpus, stop.Token);
        if (stop.Token.IsCancellationRequested)
            throw new OperationCanceledException();
        SweepFolderVerbs.Write(Sweep.Open(folder.Root), json);
        return all ? 0 : Verb.Failed;
    }

    private static int Submit(ParseResult parse, SweepFolder folder, SlurmAsk ask, bool json)
    {
        ask = ask with
        {
            Partition = parse.GetValue(Partition),
            Account = parse.GetValue(Account),
            AtOnce = parse.GetValue(Workers),
            More = parse.GetValue(More) ?? [],
        };
        var submitted = new SlurmSweep(folder).Submit(Program(), ask, Console.Error.WriteLine);
        Console.WriteLine(json ? JsonSerializer.Serialize(new { Folder = folder.Root, Points = folder.Spec.Count, submitted }, Verb.Json)
            : $"kit sweep status {folder.Root} tells how they get on, kit sweep gather {folder.Root} makes the table.");
        return 0;
    }

    private static int Tell(SweepSpec spec, bool json)
    {
        var points = Enumerable.Range(0, spec.Count).Select(spec.PointAt);
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new { Points = points.Select(point => point.ToString()) }, Verb.Json));
        else
            foreach (var point in points)
                Console.WriteLine($"{point.Number,5}  {point}");
        return 0;
    }

    // The processes that train are this program, started again.
    private static IReadOnlyList<string> Program() =>
        [Environment.ProcessPath!, .. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll")] : Array.Empty<string>()];
}
