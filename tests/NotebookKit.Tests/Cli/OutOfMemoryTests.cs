using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Cli;

/// <summary>A run that the system gives no more memory to, in the middle of the training.</summary>
public sealed class OutOfMemoryTests : IDisposable
{
    // What the process may still take: enough for the checkpoint and the sentence, not for the 98 MB of a step's activations.
    private const long Room = 45_000_000;
    private const int Stop = 19; // SIGSTOP
    private const int Continue = 18; // SIGCONT

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Is_told_in_one_sentence_and_what_was_learned_is_saved()
    {
        var log = _folder["rabbit.log.jsonl"];
        string[] args =
        [
            "train", "--base", Path.Combine(House.Root, "data", "base-mini"), "--instance-dir",
            Path.Combine(House.Root, "data", "sample-rabbit"), "--instance-prompt", "a photo of zwx rabbit toy",
            "--method", "dreambooth", "--batch", "5", "--size", "128", "--out", _folder["rabbit"],
        ];
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), .. args, "--epochs", "1000"])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["GLIBC_TUNABLES"] = "glibc.malloc.mmap_threshold=65536"; // tensors go back to the system when they are freed
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            var clock = Stopwatch.StartNew();
            var (limit, next) = (long.MaxValue, 3);
            while (!process.HasExited)
            {
                Assert.True(clock.Elapsed < TimeSpan.FromMinutes(4), Steps(log) < 3 ? "no step was made" : "it went on without memory");
                Thread.Sleep(20);
                if (Steps(log) < next)
                    continue;
                // While it stands still, so that it is never beyond its limit: .NET would be refused memory before any tensor is.
                _ = kill(process.Id, Stop);
                var least = AddressSpace(process.Id) + Room;
                if (least < limit)
                    Limit(process.Id, limit = least);
                _ = kill(process.Id, Continue);
                next = Steps(log) + 2; // made all the same: .NET has given back address space, or the step was nearly over
            }
        }
        finally
        {
            process.Kill();
        }

        var told = (await error).Trim();
        var last = told.Split('\n')[^1];
        Assert.True(process.ExitCode == 1, $"exit {process.ExitCode}: {told}");
        Assert.Matches(@"^kit: Memory ran out: [\d.]+ MB were forecast and [\d.]+ MB held when no more was to be had; "
            + @"what was learned is kept in \S+\.state\.safetensors; next, .*\(--[^)]+\) and go on with --resume\.", last);
        var checkpoint = Directory.GetFiles(_folder["checkpoints", "rabbit"], "*.state.safetensors").Single();
        Assert.Contains(checkpoint, last, StringComparison.Ordinal);

        var learned = Steps(log);
        var (exit, _, again) = KitCommand.Run([.. args, "--resume", "--checkpointing", "--epochs",
            (learned + 1).ToString(CultureInfo.InvariantCulture)]);
        Assert.True(exit == 0, again);
        Assert.Equal(Enumerable.Range(0, learned + 1), TrainLog.Read(log).OfType<StepEvent>().Select(step => step.Step.Step));
    }

    public void Dispose() => _folder.Dispose();

    private static int Steps(string log) => File.Exists(log) ? TrainLog.Read(log).Count(happened => happened is StepEvent) : 0;

    // long.MaxValue once it is over.
    private static long AddressSpace(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status")
                .FirstOrDefault(line => line.StartsWith("VmSize:", StringComparison.Ordinal));
            return line is null ? long.MaxValue - Room
                : 1024 * long.Parse(line["VmSize:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim(),
                    CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return long.MaxValue - Room;
        }
    }

    [DllImport("libc")]
    private static extern int kill(int process, int signal);

    private static void Limit(int process, long bytes)
    {
        using var prlimit = Process.Start(new ProcessStartInfo("prlimit",
            ["--pid", $"{process}", string.Create(CultureInfo.InvariantCulture, $"--as={bytes}")])
        { RedirectStandardError = true })!;
        prlimit.WaitForExit();
    }
}
