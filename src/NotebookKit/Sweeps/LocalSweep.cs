using System.Diagnostics;
using System.Runtime.InteropServices;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>
/// Trains a sweep's points on this machine, each in a process of its own, as many at once as cores and memory allow. Stopped,
/// it lets every process write its checkpoint; called again, it does what is missing.
/// </summary>
/// <param name="folder">The sweep.</param>
/// <param name="program">What starts the command line, before its arguments.</param>
/// <param name="tell">Told a line at a time.</param>
internal sealed class LocalSweep(SweepFolder folder, IReadOnlyList<string> program, Action<string> tell)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50), Line = TimeSpan.FromSeconds(30);

    private readonly List<(PointFolder Point, Process Process, int Slot)> _running = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _done, _failed, _ended;
    private bool _stopped;

    /// <summary>How many points may run at once.</summary>
    /// <param name="wanted">What was asked for; null for as many as cores and memory allow.</param>
    /// <param name="threads">Threads of each.</param>
    /// <param name="gpus">GPUs that the points compute on; 0 for the processor.</param>
    /// <param name="needed">Bytes that the largest point takes.</param>
    /// <param name="memory">What there is; null where nobody knows.</param>
    public static int Workers(int? wanted, int threads, int gpus, long needed, MachineMemory? memory)
    {
        var fit = memory is null ? int.MaxValue : (int)Math.Min(int.MaxValue, memory.Free / Math.Max(1, needed));
        return wanted ?? Math.Max(1, gpus > 0 ? gpus : Math.Min(Environment.ProcessorCount / threads, fit));
    }

    /// <summary>The lock of the process that starts the others: it is told to stop with them.</summary>
    public static string LockOf(SweepFolder folder) => Path.Combine(folder.Root, "local.lock");

    /// <summary>Tells a process to stop after its step.</summary>
    public static void Tell(int process)
    {
        if (OperatingSystem.IsWindows())
            Process.GetProcessById(process).Kill();
        else
            _ = Kill(process, 15); // SIGTERM
    }

    /// <summary>Does what is missing.</summary>
    /// <param name="workers">Points at once.</param>
    /// <param name="gpus">GPUs to deal out among them; 0 for the processor.</param>
    /// <param name="cancel">Stops every point after its step.</param>
    /// <returns>Whether all points are done now.</returns>
    public bool Run(int workers, int gpus, CancellationToken cancel)
    {
        var waiting = new Queue<PointFolder>(folder.Points.Where(point => !point.IsDone));
        _done = folder.Spec.Count - waiting.Count;
        tell($"{folder.Spec.Count} points, {_done} of them done, up to {workers} at once, in {folder.Root}");
        if (folder.Spec.Dry)
            return Dry(waiting, cancel);
        using var held = PointLock.Take(LockOf(folder)); // a second call helps the first, and is told to stop by a signal of its own
        var told = TimeSpan.Zero;
        while ((waiting.Count > 0 && !cancel.IsCancellationRequested) || _running.Count > 0)
        {
            while (_running.Count < workers && !cancel.IsCancellationRequested && Next(waiting) is { } point)
                Start(point, Enumerable.Range(0, workers).First(slot => _running.TrueForAll(one => one.Slot != slot)), gpus);
            if (cancel.IsCancellationRequested)
                Stop();
            Reap(workers);
            if (_clock.Elapsed - told > Line && _running.Count > 0)
            {
                tell($"training {string.Join("; ", _running.Select(one => $"{one.Point.Point.Number} ({one.Point.Point})"))}");
                told = _clock.Elapsed;
            }

            Thread.Sleep(Look);
        }

        return _done == folder.Spec.Count;
    }

    // A point that another call trains already is looked at again when the others have begun.
    private static PointFolder? Next(Queue<PointFolder> waiting)
    {
        for (var i = waiting.Count; i > 0; i--)
        {
            var point = waiting.Dequeue();
            if (!PointLock.IsHeld(point.LockFile))
                return point;
            waiting.Enqueue(point);
        }

        return null;
    }

    private bool Dry(Queue<PointFolder> waiting, CancellationToken cancel)
    {
        while (waiting.TryDequeue(out var point))
        {
            cancel.ThrowIfCancellationRequested();
            _done += new PointRun(point, TorchSharp.torch.CPU).Run(new Progress<TrainEvent>(), tell, cancel) == PointEnd.Done ? 1 : 0;
        }

        tell($"{_done} of {folder.Spec.Count} points done, dry");
        return _done == folder.Spec.Count;
    }

    private void Start(PointFolder point, int slot, int gpus)
    {
        if (point.IsDone) // by another call
        {
            _done++;
            return;
        }

        var start = new ProcessStartInfo(program[0], [.. program.Skip(1), "sweep", "point", folder.Root, $"{point.Point.Number}"])
        { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment["OMP_NUM_THREADS"] = $"{folder.Spec.Threads}";
        if (gpus > 0)
            start.Environment["CUDA_VISIBLE_DEVICES"] = Visible()[slot % gpus];
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { }; // it writes down itself what it says
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running.Add((point, process, slot));
    }

    private void Reap(int workers)
    {
        foreach (var one in _running.Where(one => one.Process.HasExited).ToList())
        {
            _running.Remove(one);
            one.Process.WaitForExit();
            var code = one.Process.ExitCode;
            one.Process.Dispose();
            if (one.Point.IsDone)
            {
                (_done, _ended) = (_done + 1, _ended + 1);
                tell($"point {one.Point.Point.Number} ({one.Point.Point}) is done; {_done} of {folder.Spec.Count}{Left(workers)}");
            }
            else if (code != (int)PointEnd.Stopped && !(_stopped && code is 130 or 143)) // told to stop before it could listen
            {
                if (one.Point.Failure is null)
                    one.Point.Failed($"Its process ended with "
                        + $"{code}{(code == 137 ? ", killed: the system does so when memory is short" : "")}; "
                        + $"what it said is in {one.Point.Said}.");
                _failed++;
                tell($"point {one.Point.Point.Number} ({one.Point.Point}) failed: {one.Point.Failure}");
            }
        }
    }

    private string Left(int workers)
    {
        var left = folder.Spec.Count - _done - _failed;
        return left <= 0 ? "" : $", about {Duration(_clock.Elapsed / _ended * left)} left" + (workers > 1 ? $" with {workers} at once"
            : "");
    }

    private static string Duration(TimeSpan time) => time.TotalMinutes < 2 ? $"{time.TotalSeconds:0} s"
        : time.TotalHours < 2 ? $"{time.TotalMinutes:0} min" : $"{time.TotalHours:0.#} h";

    // A terminal's Ctrl-C has reached them already; a signal to this process alone has not.
    private void Stop()
    {
        if (_stopped)
            return;
        _stopped = true;
        foreach (var (_, process, _) in _running.Where(one => !one.Process.HasExited))
        {
            Tell(process.Id);
        }
    }

    private static string[] Visible() => Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") is { Length: > 0 } some
        ? some.Split(',')
        : [.. Enumerable.Range(0, TorchSharp.torch.cuda.device_count()).Select(i => $"{i}")];

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
