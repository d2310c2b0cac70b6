using System.Diagnostics;
using System.Globalization;

namespace NotebookKit.Sweeps;

/// <summary>A Slurm cluster, by its own commands.</summary>
internal static class Slurm
{
    /// <summary>Submits a script.</summary>
    /// <param name="options">Of <c>sbatch</c>; the script and its arguments come last.</param>
    /// <returns>The job's number.</returns>
    /// <exception cref="BadInputException">There is no Slurm, or it refuses; the sentence has what it said.</exception>
    public static string Submit(IEnumerable<string> options)
    {
        var (code, output, error) = Run("sbatch", ["--parsable", .. options]);
        return code == 0 ? output.Trim().Split(';')[0]
            : throw new BadInputException($"The cluster refused the jobs: {Said(error)} (sbatch). What was submitted before stays; change "
                + "what it names and call again.");
    }

    /// <summary>The largest number of tasks that an array may have.</summary>
    public static int MostTasks(IReadOnlyDictionary<string, string> config) => Math.Max(1, Number(config, "MaxArraySize", 1001) - 1);

    /// <summary>How many jobs the cluster still takes.</summary>
    public static int Room(IReadOnlyDictionary<string, string> config)
    {
        var (code, output, _) = Run("squeue", ["--noheader", "--array", "--states=all", "--format=%i"]);
        var there = code == 0 ? output.Count(letter => letter == '\n') : 0;
        return Math.Max(0, Number(config, "MaxJobCount", 10_000) - there - 1);
    }

    /// <summary>How the cluster is set up.</summary>
    public static IReadOnlyDictionary<string, string> Config()
    {
        var (code, output, error) = Run("scontrol", ["show", "config"]);
        if (code != 0)
            throw new BadInputException($"The cluster does not answer: {Said(error)} (scontrol show config). Call again when it does, or "
                + "take --on local.");
        return output.Split('\n').Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2)
            .DistinctBy(parts => parts[0].Trim()).ToDictionary(parts => parts[0].Trim(), parts => parts[1].Trim());
    }

    /// <summary>The user's tasks that have not ended, by job and task.</summary>
    /// <exception cref="BadInputException">The cluster does not answer.</exception>
    public static IReadOnlyList<SlurmTask> Queue()
    {
        var (code, output, error) = Run("squeue", ["--noheader", "--array", "--me", "--format=%F|%K|%T|%r"]);
        if (code != 0)
            throw new BadInputException($"The cluster does not answer: {Said(error)} (squeue). Call again when it does.");
        return
        [
            .. from line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
               let parts = line.Split('|')
               where parts.Length == 4 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _)
               select new SlurmTask(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), parts[2].ToLowerInvariant(), parts[3]),
        ];
    }

    /// <summary>Takes jobs back.</summary>
    /// <exception cref="BadInputException">The cluster refuses.</exception>
    public static void Cancel(IReadOnlyList<string> jobs)
    {
        if (jobs.Count > 0 && Run("scancel", jobs) is { Code: not 0, Error: var error })
            throw new BadInputException($"The cluster did not take the jobs back: {Said(error)} (scancel).");
    }

    private static int Number(IReadOnlyDictionary<string, string> config, string name, int otherwise) =>
        config.TryGetValue(name, out var text) && int.TryParse(text.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture,
            out var number) ? number : otherwise;

    private static string Said(string error) =>
        string.Join(' ', error.Split((char[])['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .TrimEnd('.')
            is { Length: > 0 } said ? said : "it says nothing";

    private static (int Code, string Output, string Error) Run(string program, IEnumerable<string> arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BadInputException($"There is no {program} on this machine's PATH, so no Slurm cluster to be reached from it; log "
                + "in where there is one, or take --on local.", e);
        }
    }
}

/// <summary>A task of a job array that has not ended.</summary>
/// <param name="Job">The array's number.</param>
/// <param name="Task">The task's, from 1.</param>
/// <param name="State">As Slurm calls it: pending, running, completing, …</param>
/// <param name="Reason">Why it waits.</param>
internal sealed record SlurmTask(string Job, int Task, string State, string Reason);
