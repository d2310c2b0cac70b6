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
    private static bool s_loaded;

    /// <summary>The native files in use, in the order in which they were loaded; empty before.</summary>
    public static IReadOnlyList<string> Files { get; private set; } = [];

    /// <summary>Which libtorch this was built for: <c>cpu</c> or <c>cuda</c>.</summary>
    public static string Kind => BuiltWith("KitTorch");

    /// <summary>The versions that belong together, TorchSharp's and libtorch's.</summary>
    public static (string TorchSharp, string LibTorch) Versions => (BuiltWith("TorchSharpVersion"), BuiltWith("LibTorchVersion"));

    /// <summary>
    /// Loads libtorch where that has not happened yet. A cell or a program that uses TorchSharp before anything of the kit
    /// calls this first; the kit itself does so when its assembly is loaded.
    /// </summary>
    /// <exception cref="BadInputException">A file is missing, cut short, or does not load on this system.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (s_loaded)
                return;
            Threads.Prepare();
            LargePages.Prepare();
            var (torch, torchSharp) = Find();
            Files = [.. LoadAll(torch), LoadTorchSharp(torchSharp)];
            s_loaded = true;
        }

        Threads.Choose();
    }

    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "The one moment that lies before every use of TorchSharp by the kit.")]
    internal static void LoadWithTheKit()
    {
        try
        {
            Load();
        }
        catch (BadInputException)
        {
            // Told by the next call of Load: an exception here would hide inside a TypeInitializationException.
        }
    }

    // The folder of libtorch's files and the path of TorchSharp's native half.
    private static (string Torch, string TorchSharp) Find()
    {
        var (half, core) = (FileName("LibTorchSharp"), FileName("torch_cpu"));
        foreach (var folder in BesideTheProgram())
        {
            if (File.Exists(Path.Combine(folder, half)) && File.Exists(Path.Combine(folder, core)))
                return (folder, Path.Combine(folder, half));
        }

        var system = RuntimeInformation.RuntimeIdentifier is var rid && rid.StartsWith("linux", StringComparison.Ordinal) ? "linux-x64" : rid;
        var (torchSharpVersion, torchVersion) = Versions;
        var tried = new List<string>();
        foreach (var cache in Caches())
        {
            var own = Path.Combine(cache, "torchsharp", torchSharpVersion, "runtimes", system, "native", half);
            var others = Kind == "cuda" && Directory.Exists(cache) ? Directory.GetDirectories(cache, "libtorch-cuda-*") : [Path.Combine(cache, $"libtorch-cpu-{system}")];
            foreach (var package in others.Select(package => Path.Combine(package, torchVersion, "runtimes", system, "native")))
            {
                tried.Add(package);
                if (File.Exists(own) && File.Exists(Path.Combine(package, core)))
                    return (package, own);
            }
        }

        throw new BadInputException($"libtorch {torchVersion} for {system} is not there (looked in {string.Join(", ", tried)}): run ./kit test, or dotnet restore, which fetches it from NuGet.");
    }

    private static IEnumerable<string> BesideTheProgram() =>
        from start in new[] { Path.GetDirectoryName(typeof(TorchLibrary).Assembly.Location), AppContext.BaseDirectory }
        where !string.IsNullOrEmpty(start)
        from folder in new[] { start, Path.Combine(start, "runtimes", RuntimeInformation.RuntimeIdentifier, "native") }
        select folder;

    private static IEnumerable<string> Caches() => new[]
    {
        Environment.GetEnvironmentVariable("NUGET_PACKAGES"),
        BuiltWith("NuGetPackageRoot"),
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
    }.Where(folder => !string.IsNullOrEmpty(folder)).Select(folder => Path.GetFullPath(folder!)).Distinct();

    // Each by its path, so that neither the loader's search path nor another libtorch in LD_LIBRARY_PATH is asked. A file
    // that needs one of the others loads once that one is there.
    private static List<string> LoadAll(string folder)
    {
        string[] first = OperatingSystem.IsLinux() ? [.. Directory.GetFiles(folder, "libgomp*")] : OperatingSystem.IsWindows() ? [.. Directory.GetFiles(folder, "*omp*.dll")] : [];
        string[] parts = Kind == "cuda" ? ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"] : ["c10", "torch_cpu", "torch"];
        var files = first.Concat(parts.Select(part => Path.Combine(folder, FileName(part)))).ToList();
        foreach (var file in files)
        {
            if (!File.Exists(file))
                throw new BadInputException($"{file} is missing from its package: delete the folder {Package(file)} and run ./kit test, which fetches it again.");
            try
            {
                NativeLibrary.Load(file);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new BadInputException($"{file} does not load ({Reason(e)}): if the file is damaged, delete the folder {Package(file)} and run ./kit test, which fetches it again; else the system lacks what libtorch needs (glibc 2.28 or newer).", e);
            }
        }

        return files;
    }

    private static string LoadTorchSharp(string file)
    {
        try
        {
            NativeLibrary.Load(file);
            return file;
        }
        catch (DllNotFoundException e) when (e.Message.Contains(MendedLibrary.Version, StringComparison.Ordinal))
        {
            var mended = MendedLibrary.Of(file);
            NativeLibrary.Load(mended);
            return mended;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new BadInputException($"{file} does not load ({Reason(e)}): if the file is damaged, delete the folder {Package(file)} and run ./kit test, which fetches it again.", e);
        }
    }

    // …/torchsharp/0.107.0/runtimes/linux-x64/native/FILE: the package's folder.
    private static string Package(string file) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    private static string Reason(Exception e) => e.Message.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith('/')) ?? e.Message.Split('\n')[0].Trim();

    private static string FileName(string name) => OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    private static string BuiltWith(string key) => typeof(TorchLibrary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == key)?.Value ?? "";
}
