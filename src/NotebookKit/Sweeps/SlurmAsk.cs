using System.Globalization;

namespace NotebookKit.Sweeps;

/// <summary>What a sweep's jobs ask a cluster for.</summary>
/// <param name="Bytes">Memory of a task: the forecast's.</param>
/// <param name="Time">The longest that a task may take.</param>
/// <param name="Gpus">GPUs of a task.</param>
internal sealed record SlurmAsk(long Bytes, TimeSpan Time, int Gpus)
{
    /// <summary>The partition; the cluster's own choice when null.</summary>
    public string? Partition { get; init; }

    /// <summary>The account that is charged; the user's own when null.</summary>
    public string? Account { get; init; }

    /// <summary>How many tasks may run at once; as many as there is room for when null.</summary>
    public int? AtOnce { get; init; }

    /// <summary>Further options of <c>sbatch</c>, passed on as they are: they come last and so have the last word.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>What is asked for, with air for what no forecast counts: a quarter of the memory and 256 MiB, twice the time and
    /// ten minutes.</summary>
    public static SlurmAsk Of(SweepForecast forecast, bool onGpu)
    {
        const long Mebibyte = 1 << 20;
        // The forecast of a GPU is about its own memory; beside it a process holds the base and the pictures.
        var bytes = (forecast.Memory.Needed * 5 / 4) + (256 * Mebibyte) + (onGpu ? 4096 * Mebibyte : 0);
        return new(bytes, TimeSpan.FromSeconds((2 * forecast.Seconds) + 600), onGpu ? 1 : 0);
    }

    /// <summary>Options of <c>sbatch</c> for an array of some tasks.</summary>
    public IEnumerable<string> Options(SweepFolder folder, int tasks) =>
    [
        $"--job-name=kit-{folder.Name}",
        FormattableString.Invariant($"--array=1-{tasks}{(AtOnce is { } most ? $"%{most}" : "")}"),
        "--ntasks=1",
        FormattableString.Invariant($"--cpus-per-task={folder.Spec.Threads}"),
        FormattableString.Invariant($"--mem={(Bytes + (1 << 20) - 1) >> 20}M"),
        $"--time={TimeText}",
        "--requeue",
        "--open-mode=append",
        "--signal=TERM@90", // to the steps, so that a task that runs out of time writes its checkpoint
        $"--output={Path.Combine(folder.Slurm, "said", "%A-%a.txt")}",
        $"--chdir={folder.Root}",
        .. Gpus > 0 ? [FormattableString.Invariant($"--gres=gpu:{Gpus}")] : Array.Empty<string>(),
        .. Partition is { } partition ? [$"--partition={partition}"] : Array.Empty<string>(),
        .. Account is { } account ? [$"--account={account}"] : Array.Empty<string>(),
        .. More,
    ];

    // Slurm reads days-hours:minutes.
    private string TimeText
    {
        get
        {
            var minutes = (long)Math.Ceiling(Time.TotalMinutes);
            return string.Create(CultureInfo.InvariantCulture, $"{minutes / 1440}-{minutes / 60 % 24:00}:{minutes % 60:00}");
        }
    }
}
