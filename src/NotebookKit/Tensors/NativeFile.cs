using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NotebookKit.Tensors;

/// <summary>One file of native code, loaded by its path; what is wrong with it is told in one sentence.</summary>
internal static class NativeFile
{
    private const uint Loadable = 1;

    /// <summary>A library's file name on this system.</summary>
    public static string Name(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    /// <summary>
    /// Loads a file by its path, so that the loader's search path, and another libtorch in it, is not asked.
    /// </summary>
    /// <exception cref="BadInputException">It is missing, cut short, or does not load on this system.</exception>
    public static void Load(string file)
    {
        MustBeWhole(file);
        try
        {
            NativeLibrary.Load(file);
        }
        catch (Exception e) when (IsLoading(e))
        {
            var reason = Reason(e);
            var elsewhere = (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
                .FirstOrDefault(folder => reason.StartsWith(folder, StringComparison.Ordinal));
            throw new BadInputException(elsewhere is not null
                ? $"{file} does not load: LD_LIBRARY_PATH names {elsewhere}, and what lies there does not fit ({reason}); unset "
                    + "LD_LIBRARY_PATH, or take that folder out of it."
                : $"{file} does not load ({reason}): where the file is damaged, {Remedy(file)}; else this system lacks what libtorch "
                    + "needs (on Linux glibc 2.28 or newer).", e);
        }
    }

    /// <summary>Sees to it that a file is there and as long as its own headers say.</summary>
    /// <exception cref="BadInputException">It is not.</exception>
    public static void MustBeWhole(string file)
    {
        if (!File.Exists(file))
            throw new BadInputException($"{file} is missing: {Remedy(file)}.");
        try
        {
            if (!IsWhole(file))
                throw new BadInputException($"{file} is cut short: {Remedy(file)}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{file} can't be read ({e.Message}): {Remedy(file)}.", e);
        }
    }

    /// <summary>Whether an exception says that the system's loader refused a file.</summary>
    public static bool IsLoading(Exception e) => e is DllNotFoundException or BadImageFormatException;

    /// <summary>The loader's own words: .NET puts a line of advice before them.</summary>
    public static string Reason(Exception e)
    {
        var lines = e.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 1 ? lines[1] : lines[0];
    }

    // The loader maps a file of Linux that ends too early all the same, and the process dies of a bus error when it gets
    // there. Windows and macOS look themselves.
    private static bool IsWhole(string file)
    {
        using var stream = File.OpenRead(file);
        var header = new byte[64];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            return false;
        if (!header.AsSpan().StartsWith("\u007fELF\u0002"u8))
            return true;

        var sections = Long(header, 40) + ((ulong)Short(header, 58) * Short(header, 60));
        var (entry, table) = (Short(header, 54), new byte[Short(header, 54) * Short(header, 56)]);
        stream.Position = (long)Long(header, 32);
        if (sections > (ulong)stream.Length || stream.ReadAtLeast(table, table.Length, throwOnEndOfStream: false) < table.Length)
            return false;
        for (var at = 0; at < table.Length; at += entry)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(at)) == Loadable
                && Long(table, at + 8) + Long(table, at + 32) > (ulong)stream.Length)
                return false;
        }

        return true;

        static ulong Long(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
        static ushort Short(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
    }

    // …/libtorch-cpu-linux-x64/2.10.0/runtimes/linux-x64/native/FILE: the package's folder, which NuGet takes for whole as
    // long as it is there.
    private static string Remedy(string file) => Path.GetDirectoryName(file) is { } folder && Path.GetFileName(folder) == "native"
        ? $"delete the folder {Path.GetFullPath(Path.Combine(folder, "..", "..", ".."))} and run ./kit test, which fetches it again"
        : "copy it there again";
}
