using System.Runtime.InteropServices;

namespace NotebookKit.Cli.Doctor;

/// <summary>The machine, and what .NET runs on it.</summary>
internal static class MachineChecks
{
    public static IEnumerable<Finding> All()
    {
        var gigabytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9;
        yield return Finding.Ok("machine", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} cores, {gigabytes:0} GB");
        yield return Finding.Ok(".NET", RuntimeInformation.FrameworkDescription);
    }

    /// <summary>Whether the system's loader finds a library, and the Debian package that brings it.</summary>
    public static Finding Library(string name, string file, string package, Health without)
    {
        if (!NativeLibrary.TryLoad(file, out var handle))
            return new Finding(name, without, $"{file} is not there", $"apt-get install --no-install-recommends {package}");
        NativeLibrary.Free(handle);
        return Finding.Ok(name, file);
    }
}
