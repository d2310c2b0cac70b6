using System.Runtime.InteropServices;
using static NotebookKit.Tensors.NativeFile;

namespace NotebookKit.Tensors;

/// <summary>Where the native files of TorchSharp and libtorch lie: beside the program, or in NuGet's cache.</summary>
internal static class NativePackages
{
    /// <summary>This system, as NuGet's packages name it.</summary>
    public static string System { get; } =
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-"
        + $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>Finds the folders of libtorch's files, which are several with CUDA, and TorchSharp's native half.</summary>
    /// <param name="kind"><c>cpu</c> or <c>cuda</c>.</param>
    /// <param name="versions">The packages' versions.</param>
    /// <param name="programs">Folders of programs, which may hold copies.</param>
    /// <param name="caches">NuGet's caches.</param>
    /// <exception cref="BadInputException">They are nowhere.</exception>
    public static (IReadOnlyList<string> Torch, string TorchSharp) Find(string kind, (string TorchSharp, string LibTorch) versions,
        IEnumerable<string> programs, IReadOnlyList<string> caches)
    {
        var half = Name("LibTorchSharp");
        var beside = programs.SelectMany(program => new[] { program, Path.Combine(program, "runtimes", System, "native") })
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, half)) && File.Exists(Path.Combine(folder, Name("torch_cpu"))));
        if (beside is not null)
            return ([beside], Path.Combine(beside, half));

        var package = kind == "cuda" ? $"libtorch-cuda-*-{System}*" : $"libtorch-cpu-{System}";
        foreach (var cache in caches.Where(Directory.Exists))
        {
            var torch = Directory.GetDirectories(cache, package).Order(StringComparer.Ordinal)
                .Select(folder => Native(folder, versions.LibTorch)).Where(Directory.Exists).ToList();
            if (torch.Count > 0)
                return (torch, Path.Combine(Native(Path.Combine(cache, "torchsharp"), versions.TorchSharp), half));
        }

        throw new BadInputException($"the package {package.Replace("*", "", StringComparison.Ordinal)} {versions.LibTorch} is not in "
            + $"NuGet's cache ({string.Join(", ", caches)}): run {(kind == "cuda" ? "KIT_TORCH=cuda " : "")}./kit test, or dotnet "
            + "restore, which fetches it.");
    }

    /// <summary>
    /// One folder with links to the files of several. A file of libtorch looks for the others beside itself, some under names
    /// that only their files have, and CUDA's are spread over the folders of nine packages.
    /// </summary>
    /// <exception cref="BadInputException">The links can be made nowhere.</exception>
    public static string InOneFolder(IReadOnlyList<string> folders, string name)
    {
        var reason = "";
        foreach (var place in CacheFolder.Places())
        {
            try
            {
                var one = Directory.CreateDirectory(Path.Combine(place, name)).FullName;
                foreach (var file in folders.SelectMany(Directory.GetFiles))
                {
                    var link = new FileInfo(Path.Combine(one, Path.GetFileName(file)));
                    if (link.LinkTarget == file)
                        continue;
                    // Renamed into place: another program may be doing the same.
                    var made = File.CreateSymbolicLink($"{link.FullName}.{Environment.ProcessId:x}", file);
                    File.Move(made.FullName, link.FullName, overwrite: true);
                }

                return one;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reason = e.Message;
            }
        }

        throw new BadInputException($"the links to libtorch's files can be written nowhere ({reason}): set XDG_CACHE_HOME to a folder "
            + "that may be written.");
    }

    private static string Native(string package, string version) => Path.Combine(package, version, "runtimes", System, "native");
}
