using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NotebookKit.Tensors;

/// <summary>
/// Loads libtorch before TorchSharp looks for it: from beside the program or from the NuGet cache, whichever has it. Left
/// to itself TorchSharp wants copies of 600 MB in every program's folder, and makes them.
/// </summary>
public static class TorchLibrary
{
    private static readonly Lock Gate = new();

    /// <summary>The native files in use, in the order in which they were loaded; empty before. TorchSharp's own is the last.</summary>
    public static IReadOnlyList<string> Files { get; private set; } = [];

    /// <summary>Which libtorch this was built for: <c>cpu</c> or <c>cuda</c>.</summary>
    public static string Kind => BuiltWith("KitTorch");

    /// <summary>The versions that belong together, TorchSharp's and libtorch's.</summary>
    public static (string TorchSharp, string LibTorch) Versions => (BuiltWith("TorchSharpVersion"), BuiltWith("LibTorchVersion"));

    /// <summary>Whether a copy of TorchSharp's native half is in use that fits an older libstdc++.</summary>
    public static bool IsMended { get; private set; }

    /// <summary>
    /// Loads libtorch where that has not happened yet. A cell or a program that uses TorchSharp before anything of the kit
    /// calls this first; the kit's own assembly does so when TorchSharp's is loaded.
    /// </summary>
    /// <exception cref="BadInputException">A file is missing, cut short, or does not load on this system.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (Files.Count > 0)
                return;
            Threads.Prepare();
            LargePages.Prepare();
            var (folders, half) = NativePackages.Find(Kind, Versions, Programs(), [.. Caches()]);
            List<string> torch = LoadTorch(folders);
            MklKernels.Choose(NativeLibrary.Load(torch.First(file =>
                Path.GetFileName(file).Contains("torch_cpu", StringComparison.Ordinal))));
            Files = [.. torch, LoadTorchSharp(half)];
        }

        Threads.Choose();
    }

    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255",
        Justification = "The one moment that lies before every use of TorchSharp by the kit.")]
    internal static void LoadWithTorchSharp() => WhenLoaded.Do("TorchSharp", () =>
    {
        try
        {
            Load();
        }
        catch (BadInputException)
        {
            // Told by the next call of Load: an exception here would hide inside a TypeInitializationException.
        }
    });

    // The files that TorchSharp names, in an order in which each finds what it needs already loaded.
    private static List<string> LoadTorch(IReadOnlyList<string> folders)
    {
        if (folders.Count > 1 && OperatingSystem.IsWindows())
            LoadWhatLoads(folders);
        else if (folders.Count > 1)
            folders = [NativePackages.InOneFolder(folders, $"libtorch-{Kind}-{Versions.LibTorch}")];

        string[] parts = Kind == "cuda" ? ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"] : ["c10", "torch_cpu", "torch"];
        var files = parts.Select(NativeFile.Name)
            .Select(name => folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
                ?? Path.Combine(folders[0], name)).ToList();
        // Found by the loader, whose search for a file cut short would be the process's end.
        foreach (var openMp in folders.SelectMany(folder => Directory.GetFiles(folder, "libgomp*")))
            NativeFile.MustBeWhole(openMp);
        files.ForEach(NativeFile.Load);
        return files;
    }

    // Windows knows a loaded file by its name: of files spread over several folders each pass loads those whose needs are there.
    private static void LoadWhatLoads(IReadOnlyList<string> folders)
    {
        var waiting = folders.SelectMany(folder => Directory.GetFiles(folder, "*.dll")).ToList();
        while (waiting.RemoveAll(file => NativeLibrary.TryLoad(file, out _)) > 0)
        {
        }
    }

    private static string LoadTorchSharp(string file)
    {
        try
        {
            NativeFile.Load(file);
            return file;
        }
        catch (BadInputException e) when (e.InnerException?.Message.Contains(MendedLibrary.Version, StringComparison.Ordinal) == true)
        {
            IsMended = true;
            return MendedLibrary.Load(file);
        }
    }

    private static IEnumerable<string> Programs() =>
        new[] { Path.GetDirectoryName(typeof(TorchLibrary).Assembly.Location), AppContext.BaseDirectory }.OfType<string>()
            .Where(folder => folder.Length > 0);

    private static IEnumerable<string> Caches() => new[]
    {
        Environment.GetEnvironmentVariable("NUGET_PACKAGES"),
        BuiltWith("NuGetPackageRoot"),
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
    }.Where(folder => !string.IsNullOrEmpty(folder)).Select(folder => Path.GetFullPath(folder!)).Distinct();

    private static string BuiltWith(string key) =>
        typeof(TorchLibrary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == key)?.Value ?? "";
}
