using System.Runtime.InteropServices;

namespace NotebookKit.Cli.Doctor;

/// <summary>The machine, and what .NET runs on it.</summary>
internal static class MachineChecks
{
    public static IEnumerable<Finding> All()
    {
        var gigabytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9;
        yield return Finding.Ok("machine", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, "
            + $"{Environment.ProcessorCount} cores, {gigabytes:0} GB");
        yield return Finding.Ok(".NET", RuntimeInformation.FrameworkDescription);
    }
}
