using System.Diagnostics;
using System.Text.Json.Nodes;
using NotebookKit.Sweeps;
using NotebookKit.Tests.Cli;

namespace NotebookKit.Tests.Sweeps;

/// <summary>kit sweep --on slurm, on a real cluster: nothing lost, nothing run twice, the same table as here.</summary>
[Collection("Sweeps")]
public sealed class SlurmSweepTests(TinySweep tiny, SlurmCluster cluster) : IClassFixture<SlurmCluster>
{
    // A minute: twelve points on two nodes that go through what clusters go through.
    [Fact]
    public void Twelve_points_come_through_a_killed_process_a_signal_a_restarted_controller_and_a_lost_node_to_the_same_table()
    {
        cluster.Require();
        var folder = tiny.Folder["slurm"];
        var (code, _, error) = KitCommand.Run("sweep", tiny.Write("slurm"), "--out", folder, "--on", "slurm");
        Assert.True(code == 0, error);
        Assert.Contains(": 8 points", error, StringComparison.Ordinal); // the cluster's arrays end at eight
        Assert.Contains(": 4 points", error, StringComparison.Ordinal);

        cluster.Until(() => TinySweep.Midway(folder) is not null, "no point has a checkpoint");
        using (var process = Process.GetProcessById(PointLock.HolderHere(TinySweep.Midway(folder)!.LockFile)!.Value))
            process.Kill(); // SIGKILL: started again in the same job
        cluster.Until(() => Running() is { Length: > 0 }, "no task runs");
        cluster.Until(() => TinySweep.Midway(folder) is not null, "no point has a checkpoint");
        SlurmCluster.Run("scancel", "--signal=TERM", Running()!); // writes its checkpoint, and its job goes back into the queue
        cluster.StopController();
        Thread.Sleep(1000);
        cluster.StartController();
        cluster.Until(() => SlurmCluster.Run("sinfo").Code == 0, "the controller does not answer");
        // Called meanwhile, it submits nothing that waits or runs.
        var again = KitCommand.Run("sweep", tiny.Write("slurm"), "--out", folder, "--on", "slurm");
        Assert.Contains(": 0 submitted", again.Error, StringComparison.Ordinal);
        cluster.Until(() => SlurmCluster.Run("squeue", "--noheader", "--nodelist=n2", "--states=running").Output.Length > 0,
            "n2 is idle");
        cluster.Kill("n2"); // its step lives on without it, and the job is given to n1

        cluster.Until(() => SweepFolder.Open(folder).Points.All(point => point.IsDone), "not all points are done", 400);
        cluster.StartNode("n2");
        cluster.Until(SlurmCluster.QueueEmpty, "the queue is not empty");
        Assert.Equal(0, KitCommand.Run("sweep", "gather", folder).Code);
        Assert.Equal(TinySweep.Lasting(tiny.Whole), TinySweep.Lasting(folder));
        // A kill and a signal begin two points again; the lost node's was waited for, or went on from its checkpoint.
        Assert.InRange(TinySweep.Attempts(folder).Sum(), 13, 15);
    }

    [Fact]
    public void What_is_taken_back_does_not_go_on_until_it_is_submitted_again()
    {
        cluster.Require();
        var folder = tiny.Folder["back"];
        var spec = tiny.Write("back", spec => spec["settings"]!["epochs"] = 400);
        Assert.Equal(0, KitCommand.Run("sweep", spec, "--out", folder, "--on", "slurm").Code);
        cluster.Until(() => TinySweep.Midway(folder) is not null, "no point has a checkpoint");
        Assert.Contains("running", KitCommand.Run("sweep", "status", folder).Output, StringComparison.Ordinal);
        var (code, output, error) = KitCommand.Run("sweep", "cancel", folder);
        Assert.True(code == 0, error);
        Assert.Contains("12 points were taken back from the cluster", output, StringComparison.Ordinal);
        cluster.Until(SlurmCluster.QueueEmpty, "the queue is not empty");
        Assert.DoesNotContain(SweepFolder.Open(folder).Points, point => point.IsDone || point.State == "running");
        Assert.Contains(SweepFolder.Open(folder).Points, point => point.State == "stopped"); // with its checkpoint
    }

    [Fact]
    public void A_point_that_its_node_could_not_begin_goes_back_into_the_queue()
    {
        cluster.Require();
        var (folder, bin) = (tiny.Folder["unbegun"], Directory.CreateDirectory(tiny.Folder["bin"]).FullName);
        // As srun says it where the node's daemon has gone since the job began; each point once.
        File.WriteAllText(Path.Combine(bin, "srun"), $"""
            #!/bin/bash
            mkdir "{bin}/failed-$SLURM_ARRAY_TASK_ID" 2>/dev/null || exec /usr/bin/srun "$@"
            echo "srun: error: Task launch failed on node: Communication connection failure" >&2
            exit 1

            """);
        SlurmCluster.Run("chmod", "+x", Path.Combine(bin, "srun"));
        var spec = tiny.Write("unbegun", spec =>
        {
            spec["vary"] = new JsonObject { ["rank"] = new JsonArray(1, 2) };
            spec["seeds"] = 1;
        });
        var path = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}";
        Assert.Equal(0, KitCommand.RunWith(new() { ["PATH"] = path }, "sweep", spec, "--out", folder, "--on", "slurm").Code);
        cluster.Until(() => SweepFolder.Open(folder).Points.All(point => point.IsDone), "not all points are done");
        Assert.Equal(2, Directory.GetDirectories(bin, "failed-*").Length);
        Assert.Equal([1, 1], TinySweep.Attempts(folder));
    }

    [Fact]
    public void What_the_cluster_refuses_is_passed_on_and_what_it_is_asked_for_is_the_forecasts()
    {
        cluster.Require();
        var spec = tiny.Write("refused");
        var (code, _, error) = KitCommand.Run("sweep", spec, "--out", tiny.Folder["refused"], "--on", "slurm", "--partition", "nope");
        Assert.Equal(2, code);
        Assert.Contains("The cluster refused the jobs: sbatch: error: invalid partition specified: nope", error, StringComparison.Ordinal);
        Assert.Equal(0, KitCommand.Run("sweep", spec, "--out", tiny.Folder["refused"], "--on", "slurm", "--partition", "main", "--workers",
            "1",
            "--sbatch=--hold").Code);
        var job = SlurmCluster.Run("squeue", "--noheader", "--format=%P|%m|%l|%r|%C").Output.Split('\n')[0].Split('|');
        Assert.Equal(["main", "JobHeldUser", "1"], [job[0], job[3], job[4]]);
        Assert.InRange(int.Parse(job[1].TrimEnd('M'), System.Globalization.CultureInfo.InvariantCulture), 300, 1000);
        Assert.Contains("12 points were taken back", KitCommand.Run("sweep", "cancel", tiny.Folder["refused"]).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Without_Slurm_it_says_what_is_missing()
    {
        var dotnet = Path.GetDirectoryName(Environment.ProcessPath is { } path && path.EndsWith("dotnet", StringComparison.Ordinal) ? path
            : new FileInfo("/usr/bin/dotnet").ResolveLinkTarget(true)?.FullName ?? "/usr/bin/dotnet")!;
        var (code, _, error) = KitCommand.RunWith(new() { ["PATH"] = dotnet }, "sweep", tiny.Write("none"), "--out", tiny.Folder["none"],
            "--on",
            "slurm");
        Assert.Equal(2, code);
        Assert.Contains("There is no scontrol on this machine's PATH", error, StringComparison.Ordinal);
        Assert.Contains("or take --on local", error, StringComparison.Ordinal);
    }

    private static string? Running() =>
        SlurmCluster.Run("squeue", "--noheader", "--states=running", "--format=%i").Output.Split('\n',
            StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault();
}
