using System.Diagnostics;
using System.Text.Json.Nodes;
using NotebookKit.Sweeps;

namespace NotebookKit.Tests.Sweeps;

/// <summary>A point is trained by one process, and a dead one holds nothing.</summary>
public sealed class PointLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Lock => _folder["lock"];

    private string By => _folder["lock.by"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_has_it_until_it_is_given_back()
    {
        using (var first = PointLock.Take(Lock))
        {
            Assert.NotNull(first);
            Assert.Null(PointLock.Take(Lock));
            Assert.True(PointLock.IsHeld(Lock));
            Assert.Equal(Environment.ProcessId, PointLock.HolderHere(Lock));
        }

        Assert.False(PointLock.IsHeld(Lock));
        using var second = PointLock.Take(Lock);
        Assert.NotNull(second);
    }

    // A file system that keeps the system's locks to each machine, or has none: what the file says must do.
    [Fact]
    public void A_living_holder_has_it_even_where_the_system_does_not_say_so_and_a_dead_one_does_not()
    {
        using var holder = Process.Start("sleep", "60");
        Held(holder);
        Assert.True(PointLock.IsHeld(Lock));
        Assert.Null(PointLock.Take(Lock));
        holder.Kill();
        holder.WaitForExit();
        Assert.False(PointLock.IsHeld(Lock));
        using var taken = PointLock.Take(Lock);
        Assert.NotNull(taken);
    }

    // Numbers of processes are given again.
    [Fact]
    public void Another_process_of_the_same_number_is_not_the_holder()
    {
        using var other = Process.Start("sleep", "60");
        Held(other, -600);
        using var taken = PointLock.Take(Lock);
        Assert.NotNull(taken);
        other.Kill();
    }

    [Fact]
    public void A_holder_on_another_machine_lives_as_long_as_it_touches_the_file()
    {
        using var holder = Process.Start("sleep", "60");
        Held(holder, machine: "elsewhere");
        holder.Kill();
        Assert.True(PointLock.IsHeld(Lock));
        Assert.Null(PointLock.Take(Lock));
        Assert.Null(PointLock.HolderHere(Lock));
        File.SetLastWriteTimeUtc(By, DateTime.UtcNow - PointLock.Stale - TimeSpan.FromSeconds(1));
        Assert.False(PointLock.IsHeld(Lock));
        using var taken = PointLock.Take(Lock);
        Assert.NotNull(taken);
    }

    [Fact]
    public void What_a_dead_holder_has_half_written_keeps_nobody_out()
    {
        File.WriteAllText(By, "{\"machine\":\"th");
        Assert.False(PointLock.IsHeld(Lock));
        using var taken = PointLock.Take(Lock);
        Assert.NotNull(taken);
    }

    // As a lock on this machine, of another process.
    private void Held(Process process, double late = 0, string? machine = null)
    {
        using (PointLock.Take(Lock)) // writes how this machine is called
        {
            var holder = JsonNode.Parse(File.ReadAllText(By))!;
            holder["process"] = process.Id;
            holder["started"] = process.StartTime.ToUniversalTime().AddSeconds(late);
            holder["machine"] = machine ?? (string?)holder["machine"];
            File.WriteAllText(_folder["copy"], holder.ToJsonString());
        }

        File.Move(_folder["copy"], By);
        File.SetLastWriteTimeUtc(By, DateTime.UtcNow);
    }
}
