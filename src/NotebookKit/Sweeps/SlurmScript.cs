namespace NotebookKit.Sweeps;

/// <summary>The script of a sweep's jobs.</summary>
internal static class SlurmScript
{
    /// <summary>
    /// A task trains the point that its line of the list names. Its process killed, it is started again and goes on from its
    /// checkpoint; told to stop, as before the end of its time, or never begun, as by a node whose daemon is gone, the job goes back
    /// into the queue, unless it was taken back.
    /// </summary>
    public static string Of(SweepFolder folder, IReadOnlyList<string> program, SlurmAsk ask, string stopFile) => $$"""
        #!/bin/bash
        # Written by kit sweep; its argument is the list of points, a line for each task.
        export OMP_NUM_THREADS={{folder.Spec.Threads}}
        point=$(sed -n "${SLURM_ARRAY_TASK_ID}p" "$1")
        begun={{Quoted(Path.Combine(folder.Slurm, "begun-"))}}$SLURM_JOB_ID
        taken_back=
        trap taken_back=1 TERM
        while :; do
          rm -f "$begun"
          srun --ntasks=1 --cpus-per-task={{folder.Spec.Threads}}{{(ask.Gpus > 0 ? $" --gres=gpu:{ask.Gpus}" : "")}} --input=none --quiet \
            bash -c 'touch "$0" && exec "$@"' "$begun" {{string.Join(' ', program.Select(Quoted))}} sweep point {{Quoted(folder.Root)}} "$point"
          code=$?
          # 137: killed. The kit itself gives up a point that was killed three times at the same step.
          [ $code = 137 ] && [ -z "$taken_back" ] && [ ! -e {{Quoted(stopFile)}} ] || break
        done
        # After three times in the queue again it is no accident.
        [ $code = 0 ] || [ -e "$begun" ] || [ "${SLURM_RESTART_COUNT:-0}" -ge 3 ] || code=75
        rm -f "$begun"
        if [ $code = 75 -o $code = 143 ] && [ -z "$taken_back" ] && [ ! -e {{Quoted(stopFile)}} ]; then
          scontrol requeue "$SLURM_JOB_ID"
          exit 0
        fi
        exit $code

        """;

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
