using System.CommandLine;
using System.Text.Json;
using NotebookKit.Sweeps;

namespace NotebookKit.Cli.Verbs;

/// <summary>What <c>kit sweep</c> does with a sweep's folder: tell, take back, gather; and train one point of it.</summary>
internal static class SweepFolderVerbs
{
    private const int MostTold = 50;

    /// <summary><c>kit sweep status</c>.</summary>
    public static Command Status()
    {
        var folder = Folder();
        var verb = new Command("status", "Tell where each point stands, here and in the cluster's queue.") { folder };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse => Tell(parse.GetValue(folder)!, parse.GetValue(json)));
        return verb;
    }

    /// <summary><c>kit sweep cancel</c>.</summary>
    public static Command Cancel()
    {
        var folder = Folder();
        var verb = new Command("cancel", "Stop what runs and take back what waits; what is done, and every checkpoint, stays.") { folder };
        verb.SetAction(parse =>
        {
            var sweep = SweepFolder.Open(parse.GetValue(folder)!);
            var queued = new SlurmSweep(sweep).Cancel();
            var here = sweep.Points.Where(point => !point.IsDone).Select(point => PointLock.HolderHere(point.LockFile)).OfType<int>()
                .Concat(PointLock.HolderHere(LocalSweep.LockOf(sweep)) is { } main ? [main] : []).ToList();
            foreach (var process in here.AsEnumerable().Reverse()) // the one that starts others first
                LocalSweep.Tell(process);
            Console.WriteLine($"{queued} points were taken back from the cluster, {here.Count} processes here were told to stop; kit "
                + "sweep with the same specification goes on.");
            return 0;
        });
        return verb;
    }

    /// <summary><c>kit sweep gather</c>.</summary>
    public static Command Gather()
    {
        var folder = Folder();
        var verb = new Command("gather", "Make one table (table.csv, means.csv, table.json) and a page (index.html) of what is "
            + "done.") { folder };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            Write(Sweep.Open(parse.GetValue(folder)!), parse.GetValue(json));
            return 0;
        });
        return verb;
    }

    /// <summary><c>kit sweep point</c>: what the others start, for each point.</summary>
    public static Command Point()
    {
        var folder = Folder();
        var number = new Argument<int>("NUMBER") { Description = "the point's number" };
        var verb = new Command("point", "Train one point, or go on with it: what kit sweep starts for each.") { folder, number };
        verb.SetAction(parse => Train(SweepFolder.Open(parse.GetValue(folder)!), parse.GetValue(number)));
        return verb;
    }

    /// <summary>Writes table and page, and tells about them.</summary>
    public static void Write(Sweep sweep, bool json)
    {
        var tables = SweepTable.Write(sweep);
        var page = SweepPage.Write(sweep);
        if (json)
        {
            Console.WriteLine(File.ReadAllText(tables[^1]));
            return;
        }

        foreach (var point in sweep.Points.Where(point => point.Failure is not null).Take(MostTold))
            Console.WriteLine($"point {point.Point.Number} ({point.Point}) failed: {point.Failure}");
        Console.WriteLine($"{sweep.Table}\n{string.Join(", ", tables)} and {page}");
    }

    private static int Train(SweepFolder sweep, int number)
    {
        if (number < 0 || number >= sweep.Spec.Count)
            throw new BadInputException($"{sweep.Root} has the points 0 to {sweep.Spec.Count - 1}, not {number}.");
        var point = sweep.PointAt(number);
        using var stop = new StopSignals();
        using var said = TextWriter.Synchronized(new StreamWriter(point.Said, append: true) { AutoFlush = true });
        void Say(string line)
        {
            said.WriteLine(line);
            Console.Error.WriteLine(line);
        }

        var end = new PointRun(point, DeviceOption.Of(sweep.Spec.Device)).Run(new ConsoleProgress(said), Say, stop.Token);
        Say($"point {number} ({point.Point}): {end.ToString().ToLowerInvariant()}");
        return (int)end;
    }

    private static int Tell(string path, bool json)
    {
        var folder = SweepFolder.Open(path);
        var queued = new Dictionary<int, SlurmTask>();
        try
        {
            queued = new(new SlurmSweep(folder).Queued());
        }
        catch (BadInputException e)
        {
            Console.Error.WriteLine($"kit: {e.Message}");
        }

        var points = folder.Points.Select(point => (point.Point, State: queued.TryGetValue(point.Point.Number, out var task)
            && !point.IsDone
            ? task.State : point.State, Failure: point.IsDone ? null : point.Failure, Task: task)).ToList();
        var counts = points.GroupBy(point => point.State).ToDictionary(group => group.Key, group => group.Count());
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                Folder = folder.Root,
                Counts = counts,
                Points = points.Select(point => new
                {
                    Point = point.Point.Number,
                    point.State,
                    point.Failure,
                    point.Task?.Job,
                    point.Task?.Reason
                }),
            }, Verb.Json));
            return 0;
        }

        foreach (var (point, state, failure, task) in points.Where(point => point.State != "done").Take(MostTold))
            Console.WriteLine($"{point.Number,5}  {state,-9} {point}{(failure is null ? "" : ": " + failure)}"
                + (task is { Reason: not "None" } ? $" ({task.Reason})" : ""));
        if (points.Count(point => point.State != "done") is > MostTold and var left)
            Console.WriteLine($"… and {left - MostTold} more");
        Console.WriteLine($"{points.Count} points: {string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}"))}");
        return 0;
    }

    private static Argument<string> Folder() => new("FOLDER") { Description = "the sweep's folder" };
}
