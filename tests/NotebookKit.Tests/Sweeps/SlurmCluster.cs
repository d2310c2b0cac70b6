using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace NotebookKit.Tests.Sweeps;

/// <summary>
/// A real Slurm cluster in a temporary folder: munged, a controller, and two nodes by name on this machine. It needs Debian's
/// slurm-wlm and munge, and root; the tests are skipped where it cannot be.
/// </summary>
public sealed class SlurmCluster : IDisposable
{
    private const string Why = "no Slurm cluster can be started here: it takes Debian's slurm-wlm and munge, and root";

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, Process> _processes = [];
    private readonly string? _before = Environment.GetEnvironmentVariable("SLURM_CONF");
    private readonly bool _runs;

    public SlurmCluster()
    {
        string[] programs = ["/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch"];
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || !programs.All(File.Exists))
            return;
        File.SetUnixFileMode(_folder.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(_folder["munge"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(_folder["state"]);
        File.WriteAllBytes(_folder["munge", "key"], RandomNumberGenerator.GetBytes(1024));
        File.SetUnixFileMode(_folder["munge", "key"], UnixFileMode.UserRead);
        File.WriteAllText(_folder["slurm.conf"], Configuration());
        Environment.SetEnvironmentVariable("SLURM_CONF", _folder["slurm.conf"]);
        Start("munged", "/usr/sbin/munged", "--foreground", "--force", $"--key-file={_folder["munge", "key"]}",
            $"--socket={_folder["munge.s"]}",
            $"--pid-file={_folder["munge", "pid"]}", $"--log-file={_folder["munge", "log"]}", $"--seed-file={_folder["munge", "seed"]}");
        StartController();
        StartNode("n1");
        StartNode("n2");
        _runs = Wait(NodesIdle, 30);
    }

    /// <summary>Skips the test where there is no cluster; else all of it is up and its queue empty, whatever a test before left.</summary>
    public void Require()
    {
        Assert.SkipUnless(_runs, Why);
        StartAnew();
        Until(QueueEmpty, "the queue is not empty");
        Until(NodesIdle, "not all nodes are up");
    }

    /// <summary>Waits until something is so; where it does not come to be, says how the cluster stands.</summary>
    public void Until(Func<bool> so, string what, int seconds = 240) => TinySweep.Until(so, () =>
    {
        var logs = new[] { "slurmctld", "slurmd-n1", "slurmd-n2" }.Select(daemon => _folder[daemon + ".log"]).Where(File.Exists);
        return string.Join('\n', [what, Run("sinfo", "-N", "-l").Output, Run("squeue").Output,
            .. logs.SelectMany(log => File.ReadLines(log).TakeLast(12).Prepend(log))]);
    }, seconds);

    /// <summary>Ends the controller as its administrators do: what it knows is saved. A killed one forgets up to its last five seconds,
    /// and then holds what ended meanwhile for running until it asks the nodes again, minutes later.</summary>
    public void StopController()
    {
        var process = _processes["slurmctld"];
        Run("kill", "-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Wait(() => process.HasExited, 10); // Slurm 22.05 has been seen to hang here, its state saved
        Kill("slurmctld");
    }

    /// <summary>Starts the controller; what it knew is in its state.</summary>
    public void StartController() => Start("slurmctld", "/usr/sbin/slurmctld", "-D", "-i");

    /// <summary>Starts a node's daemon.</summary>
    public void StartNode(string name) => Start(name, "/usr/sbin/slurmd", "-D", "-N", name);

    /// <summary>Ends a daemon with SIGKILL; the steps that it started live on.</summary>
    public void Kill(string name)
    {
        if (_processes.Remove(name, out var process))
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    /// <summary>Whether no job waits or runs.</summary>
    public static bool QueueEmpty() => Run("squeue", "--noheader").Output.Length == 0;

    /// <summary>One of Slurm's commands.</summary>
    internal static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    public void Dispose()
    {
        if (_runs)
        {
            StartAnew();
            Wait(QueueEmpty, 60);
        }

        foreach (var name in _processes.Keys.Order(StringComparer.Ordinal).ToList())
            Kill(name);
        Environment.SetEnvironmentVariable("SLURM_CONF", _before);
        Wait(() =>
        {
            try
            {
                _folder.Dispose();
                return true;
            }
            catch (IOException)
            {
                return false; // a last step still writes its log
            }
        }, 20);
    }

    private static bool NodesIdle() => Run("sinfo", "--noheader", "--format=%T").Output.Trim() == "idle";

    // Starts what a test has ended, and takes what it has left from the queue.
    private void StartAnew()
    {
        if (!_processes.ContainsKey("slurmctld"))
            StartController();
        foreach (var node in new[] { "n1", "n2" })
            if (!_processes.ContainsKey(node))
                StartNode(node);
        Run("scancel", "--user=root");
    }

    private static bool Wait(Func<bool> so, int seconds)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            if (so())
                return true;
            Thread.Sleep(200);
        }

        return false;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Start(string name, string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes[name] = process;
    }

    // Eight tasks to an array, so that a dozen points make two; a node is given up soon, and a job goes back into the queue at once.
    private string Configuration() => $"""
        ClusterName=kit
        SlurmctldHost={Environment.MachineName}(127.0.0.1)
        SlurmctldPort={FreePort()}
        AuthType=auth/munge
        AuthInfo=socket={_folder["munge.s"]},cred_expire=5
        SlurmUser=root
        SlurmdUser=root
        StateSaveLocation={_folder["state"]}
        SlurmdSpoolDir={_folder.Root}/spool-%n
        SlurmctldPidFile={_folder["slurmctld.pid"]}
        SlurmdPidFile={_folder.Root}/slurmd-%n.pid
        SlurmctldLogFile={_folder["slurmctld.log"]}
        SlurmdLogFile={_folder.Root}/slurmd-%n.log
        ProctrackType=proctrack/linuxproc
        TaskPlugin=task/none
        JobAcctGatherType=jobacct_gather/none
        AccountingStorageType=accounting_storage/none
        JobCompType=jobcomp/none
        MpiDefault=none
        SwitchType=switch/none
        ReturnToService=2
        SlurmdTimeout=10
        KillWait=10
        MaxArraySize=9
        MaxJobCount=5000
        SchedulerType=sched/backfill
        SelectType=select/cons_tres
        SelectTypeParameters=CR_Core
        SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
        NodeName=n1 NodeHostname={Environment.MachineName} NodeAddr=127.0.0.1 Port={FreePort()} CPUs=1 RealMemory=4000 State=UNKNOWN
        NodeName=n2 NodeHostname={Environment.MachineName} NodeAddr=127.0.0.1 Port={FreePort()} CPUs=1 RealMemory=4000 State=UNKNOWN
        PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP

        """;
}
