using System.Globalization;
using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>
/// Gives a sweep's points to a Slurm cluster, as tasks of job arrays no larger than the cluster allows. Which point a task is
/// stands in a list beside the job's script; what was submitted is written down, so that a second call submits only what is
/// neither done nor in the queue.
/// </summary>
/// <param name="folder">The sweep, on a file system that the nodes see.</param>
internal sealed class SlurmSweep(SweepFolder folder)
{
    private string JobsFile => Path.Combine(folder.Slurm, "jobs.jsonl");

    private string StopFile => Path.Combine(folder.Slurm, "cancelled");

    /// <summary>Submits what is missing.</summary>
    /// <param name="program">What starts the command line on a node, before its arguments.</param>
    /// <param name="ask">What the jobs ask for.</param>
    /// <param name="tell">Told a line at a time.</param>
    /// <returns>How many points were submitted.</returns>
    /// <exception cref="BadInputException">There is no Slurm, or it refuses.</exception>
    public int Submit(IReadOnlyList<string> program, SlurmAsk ask, Action<string> tell)
    {
        var config = Slurm.Config();
        var queued = Queued();
        var missing = folder.Points.Where(point => !point.IsDone && !queued.ContainsKey(point.Point.Number))
            .Select(point => point.Point.Number).ToList();
        var room = Slurm.Room(config);
        var now = missing.Take(room).ToList();
        Directory.CreateDirectory(Path.Combine(folder.Slurm, "said"));
        File.Delete(StopFile);
        var script = Path.Combine(folder.Slurm, "job.sh");
        if (now.Count > 0)
            AtomicFile.WriteText(script, SlurmScript.Of(folder, program, ask, StopFile));
        foreach (var batch in now.Chunk(Slurm.MostTasks(config)))
        {
            var list = NextList();
            AtomicFile.WriteText(list, string.Concat(batch.Select(number => $"{number}\n")));
            var job = Slurm.Submit([.. ask.Options(folder, batch.Length), script, list]);
            File.AppendAllText(JobsFile, JsonSerializer.Serialize(new Submitted(job, list, batch.Length), TrainLog.Json) + "\n");
            tell($"job {job}: {batch.Length} points");
        }

        tell($"{folder.Spec.Count} points: {now.Count} submitted, {queued.Count} in the queue already, "
            + $"{folder.Spec.Count - missing.Count - queued.Count} done"
            + (now.Count < missing.Count ? $"; the cluster takes no more than {room} jobs now, so call again for the other "
                + $"{missing.Count - now.Count}" : ""));
        return now.Count;
    }

    /// <summary>The points in the queue, and what the cluster says of each.</summary>
    public IReadOnlyDictionary<int, SlurmTask> Queued()
    {
        var jobs = Jobs();
        var points = new Dictionary<int, SlurmTask>();
        if (jobs.Count == 0)
            return points;
        var lists = jobs.ToDictionary(job => job.Job, job => new Lazy<string[]>(() => File.ReadAllLines(job.List)));
        foreach (var task in Slurm.Queue())
        {
            if (lists.TryGetValue(task.Job, out var list) && task.Task <= list.Value.Length)
                points[int.Parse(list.Value[task.Task - 1], CultureInfo.InvariantCulture)] = task;
        }

        return points;
    }

    /// <summary>Takes what is in the queue back; what is done, and every checkpoint, stays.</summary>
    /// <returns>How many points were in the queue.</returns>
    public int Cancel()
    {
        var queued = Queued();
        if (Jobs().Count > 0)
            AtomicFile.WriteText(StopFile, "The jobs were taken back by kit sweep cancel, and do not go on.\n");
        Slurm.Cancel([.. queued.Values.Select(task => task.Job).Distinct()]);
        return queued.Count;
    }

    private IReadOnlyList<Submitted> Jobs() => !File.Exists(JobsFile) ? [] :
        [.. File.ReadLines(JobsFile).Where(line => line.EndsWith('}'))
            .Select(line => JsonSerializer.Deserialize<Submitted>(line, TrainLog.Json)!).Reverse().DistinctBy(job => job.Job)];

    private string NextList() => Enumerable.Range(1, int.MaxValue - 1).Select(n => Path.Combine(folder.Slurm, $"points-{n}.txt"))
        .First(list => !File.Exists(list));

    private sealed record Submitted(string Job, string List, int Count);
}
