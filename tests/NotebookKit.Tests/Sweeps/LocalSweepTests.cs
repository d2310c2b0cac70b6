using System.Diagnostics;
using NotebookKit.Sweeps;
using NotebookKit.Tests.Cli;

namespace NotebookKit.Tests.Sweeps;

/// <summary>kit sweep --on local: every point once, whatever comes between.</summary>
[Collection("Sweeps")]
public sealed class LocalSweepTests(TinySweep tiny)
{
    [Fact]
    public void Every_point_is_trained_once_and_a_second_call_trains_none()
    {
        Assert.Equal(Enumerable.Repeat(1, 12), TinySweep.Attempts(tiny.Whole));
        var (code, output, error) = KitCommand.Run("sweep", tiny.Write("whole"), "--out", tiny.Whole);
        Assert.Equal(0, code);
        Assert.Contains("12 points, 12 of them done", error, StringComparison.Ordinal);
        Assert.Contains("fidelity", output, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Repeat(1, 12), TinySweep.Attempts(tiny.Whole));
        Assert.Contains("12 done", KitCommand.Run("sweep", "status", tiny.Whole).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Seeds_and_settings_make_other_results_and_class_images_are_painted_once_for_all_that_share_them()
    {
        var sums = Sweep.Open(tiny.Whole).Points.Select(point => point.Result!.Sum).ToList();
        Assert.Equal(12, sums.Distinct().Count());
        Assert.Equal(3 * 2, Directory.GetFiles(Path.Combine(tiny.Whole, "class-images"), "*.png", SearchOption.AllDirectories).Length);
    }

    // Half a minute: a process ends by SIGTERM, one by SIGKILL and the sweep by SIGKILL, and each time it is called again.
    [Fact]
    public void Stopped_or_killed_it_goes_on_from_checkpoints_to_the_same_table()
    {
        var (spec, folder) = (tiny.Write("stopped", spec => spec["seeds"] = 1), tiny.Folder["stopped"]); // four of the twelve
        string[] command = ["sweep", spec, "--out", folder, "--workers", "2"];

        using (var stopped = TinySweep.Start(command))
        {
            TinySweep.Until(() => TinySweep.Midway(folder) is not null, "no point has a checkpoint");
            Assert.Contains("told to stop", KitCommand.Run("sweep", "cancel", folder).Output, StringComparison.Ordinal);
            stopped.WaitForExit();
            Assert.Equal(1, stopped.ExitCode);
        }

        Assert.DoesNotContain(SweepFolder.Open(folder).Points, point => point.State is "running" or "failed");
        Assert.Contains(SweepFolder.Open(folder).Points, point => point.State == "stopped");
        using (var main = TinySweep.Start(command))
        {
            TinySweep.Until(() => TinySweep.Midway(folder) is not null, "no point has a checkpoint");
            using var point = Process.GetProcessById(PointLock.HolderHere(TinySweep.Midway(folder)!.LockFile)!.Value);
            point.Kill();
            TinySweep.Until(() => SweepFolder.Open(folder).Points.Any(one => one.State == "failed"), "no point was told as killed");
            TinySweep.Until(() => TinySweep.Midway(folder) is not null, "no other point runs");
            main.Kill(); // its points live on, and are waited for
            main.WaitForExit();
        }

        var (code, _, error) = KitCommand.Run(command);
        Assert.True(code == 0, error);
        // Its points are every third of the whole: without their numbers the lines are the same.
        static string[] Unnumbered(IEnumerable<string> lines) => [.. lines.Select(line => line[line.IndexOf(',',
            StringComparison.Ordinal)..])];
        Assert.Equal(Unnumbered(TinySweep.Lasting(tiny.Whole).Where((_, line) => line == 0 || (line - 1) % 3 == 0)),
            Unnumbered(TinySweep.Lasting(folder)));
        // Two were told to stop and one was killed, and none was begun twice otherwise.
        Assert.InRange(TinySweep.Attempts(folder).Sum(), 5, 7);
    }

    [Fact]
    public void A_point_that_fails_is_told_and_tried_again_and_the_others_are_done()
    {
        var spec = tiny.Write("failing", spec =>
        {
            spec["vary"] = new System.Text.Json.Nodes.JsonObject { ["learning_rate"] = new System.Text.Json.Nodes.JsonArray(1e9, 1e-3) };
            spec["seeds"] = 1;
            spec["measure"] = false;
        });
        for (var i = 0; i < 2; i++)
        {
            var (code, output, error) = KitCommand.Run("sweep", spec, "--out", tiny.Folder["failing"]);
            Assert.Equal(1, code);
            Assert.Contains("point 0 (learning_rate 1000000000, seed 0) failed: ", error, StringComparison.Ordinal);
            Assert.Contains("failed: ", output, StringComparison.Ordinal);
        }

        Assert.Equal(["failed", "done"], Sweep.Open(tiny.Folder["failing"]).Points.Select(point => point.State));
        Assert.Contains("failed", File.ReadAllLines(Path.Combine(tiny.Folder["failing"], "table.csv"))[1], StringComparison.Ordinal);
    }

    // What is killed at the same step again and again is given up, and a cluster's job does not go round for ever.
    [Fact]
    public void A_point_that_is_killed_three_times_without_coming_further_is_given_up()
    {
        var folder = SweepFolder.Lay(tiny.Folder["vain"], SweepSpec.Read(tiny.Write("vain", spec => spec["seeds"] = 1), ""));
        var point = folder.PointAt(0);
        File.WriteAllText(point.Attempts, string.Concat(Enumerable.Repeat("{\"step\":0,\"process\":1}\n", 3)));
        Assert.Equal(PointEnd.Failed, new PointRun(point, TorchSharp.torch.CPU).Run(new Heard<NotebookKit.Training.Runs.TrainEvent>(_ =>
            { }), _ => { }, CancellationToken.None));
        Assert.Contains("killed 3 times without coming further than step 0", point.Failure, StringComparison.Ordinal);
        Assert.Equal(PointEnd.Done, new PointRun(point, TorchSharp.torch.CPU).Run(new Heard<NotebookKit.Training.Runs.TrainEvent>(_ =>
            { }), _ => { }, CancellationToken.None));
        Assert.Null(point.Failure);
    }

    [Fact]
    public void A_full_disk_is_one_sentence_and_the_call_after_it_goes_on()
    {
        var disk = Directory.CreateDirectory(tiny.Folder["disk"]).FullName;
        Assert.SkipUnless(OperatingSystem.IsLinux() && Shell("mount", "-t", "tmpfs", "-o", "size=64k", "kit", disk),
            "no small disk can be mounted here");
        try
        {
            var (code, _, error) = KitCommand.Run("sweep", tiny.Write("full", spec =>
            {
                spec["seeds"] = 100;
                spec["dry"] = true;
            }), "--out", Path.Combine(disk, "sweep"));
            Assert.Equal(1, code);
            Assert.Contains("kit: The disk is full: ", error, StringComparison.Ordinal);
            Assert.Equal(2, error.Trim().Split('\n').Length); // what the sweep needs, and the sentence
        }
        finally
        {
            Shell("umount", disk);
        }
    }

    private static bool Shell(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
