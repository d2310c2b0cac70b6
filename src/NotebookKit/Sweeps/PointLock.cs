using System.Text.Json;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>
/// Sees to it that one process alone works at something, on one machine or on several that share a folder. The system's own
/// lock on the file ends with its holder, however that ended. Where a file system keeps such locks to each machine, a second
/// file says who holds it: on the same machine whether that process lives is asked; of another machine, that file must not
/// have been touched for a while, which the holder does all the time. It can be read by who only wants to know.
/// </summary>
internal sealed class PointLock : IDisposable
{
    /// <summary>A holder on another machine that has not touched its lock for so long is dead.</summary>
    public static readonly TimeSpan Stale = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Touch = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly FileStream _file;
    private readonly Timer _beat;

    private PointLock(string path, FileStream file)
    {
        (_path, _file) = (path, file);
        _beat = new Timer(_ => Beat(), null, Touch, Touch);
    }

    /// <summary>Takes it; null where somebody has it.</summary>
    public static PointLock? Take(string path)
    {
        if (Open(path) is not { } file)
            return null;
        try
        {
            if (Peek(path) is { } holder && holder.Process != Environment.ProcessId && holder.Lives(path))
            {
                file.Dispose();
                return null;
            }

            File.WriteAllBytes(HolderOf(path), JsonSerializer.SerializeToUtf8Bytes(Holder.Here(), TrainLog.Json));
            return new PointLock(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes it as soon as nobody has it.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="waiting">Told once, where it has to wait.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static PointLock Wait(string path, Action waiting, CancellationToken cancel)
    {
        for (var i = 0; ; i++)
        {
            if (Take(path) is { } taken)
                return taken;
            if (i == 0)
                waiting();
            cancel.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(Math.Min(2000, 100 * (i + 1))));
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Whether somebody has it. Looks without taking it, so that nobody who wants it is disturbed.</summary>
    public static bool IsHeld(string path) => Peek(path) is { } holder && holder.Lives(path);

    /// <summary>Who holds a lock on this machine; null for nobody, or another machine.</summary>
    public static int? HolderHere(string path) =>
        Peek(path) is { } holder && holder.Machine == Holder.ThisMachine && holder.Lives(path) ? holder.Process : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_beat)
        {
            _beat.Dispose();
            try
            {
                File.Delete(HolderOf(_path));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Whoever comes next sees that this process is gone.
            }

            _file.Dispose();
        }
    }

    private void Beat()
    {
        lock (_beat)
        {
            try
            {
                File.SetLastWriteTimeUtc(HolderOf(_path), DateTime.UtcNow);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next time.
            }
        }
    }

    private static FileStream? Open(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when (e.HResult is 11 or 13 or unchecked((int)0x80070020)) // EAGAIN, EACCES; Windows' sharing violation
        {
            return null;
        }
    }

    private static string HolderOf(string path) => path + ".by";

    private static Holder? Peek(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(HolderOf(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // there is none
        }
    }

    // Half a line is that of a holder who died while writing it.
    private static Holder? Parse(byte[] bytes)
    {
        try
        {
            return bytes.Length == 0 ? null : JsonSerializer.Deserialize<Holder>(bytes, TrainLog.Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Who holds a lock.</summary>
    /// <param name="Machine">The machine, and its start.</param>
    /// <param name="Process">The process' number there.</param>
    /// <param name="Started">When it started: numbers are given again.</param>
    private sealed record Holder(string Machine, int Process, DateTime Started)
    {
        public static string ThisMachine { get; } = Environment.MachineName + BootOf();

        public static Holder Here()
        {
            using var own = System.Diagnostics.Process.GetCurrentProcess();
            return new(ThisMachine, Environment.ProcessId, own.StartTime.ToUniversalTime());
        }

        public bool Lives(string path)
        {
            if (Machine != ThisMachine)
                return DateTime.UtcNow - File.GetLastWriteTimeUtc(HolderOf(path)) < Stale;
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(Process);
                return Math.Abs((process.StartTime.ToUniversalTime() - Started).TotalSeconds) < 2;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }

        private static string BootOf()
        {
            const string File = "/proc/sys/kernel/random/boot_id";
            return System.IO.File.Exists(File) ? " " + System.IO.File.ReadAllText(File).Trim() : "";
        }
    }
}
