using NotebookKit.Torch;
using TorchSharp;

namespace NotebookKit.Cli.Doctor;

/// <summary>Who answers for tensors, and how fast they can be.</summary>
internal static class TensorChecks
{
    public static IEnumerable<Finding> All()
    {
        var choice = Environment.GetEnvironmentVariable("KIT_TORCH_CHOICE");
        if (!string.IsNullOrEmpty(choice))
            yield return Finding.Ok("chosen", $"{choice}, because: {Environment.GetEnvironmentVariable("KIT_TORCH_WHY")}");

        string version;
        Finding? broken = null;
        try
        {
            version = torch.__version__;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            version = "";
            broken = new Finding("libtorch", Health.Missing, e.Message.ReplaceLineEndings(" "), "run ./kit test once: it installs libtorch and builds the native layer");
        }

        if (broken is not null)
        {
            yield return broken;
            yield break;
        }

        yield return Finding.Ok("libtorch", $"{version}, {LoadedLibrary("libtorch_cpu") ?? "path unknown"}");
        yield return Finding.Ok("native layer", Checkout.Relative(TorchExtras.NativeLibraryPath));
        yield return Gpu();
        yield return Threads();
        yield return Blas();
    }

    private static Finding Gpu() => torch.cuda.is_available()
        ? Finding.Ok("CUDA", $"{torch.cuda.device_count()} GPU")
        : File.Exists("/dev/nvidiactl")
            ? new Finding("CUDA", Health.Warning, "there is an NVIDIA GPU, but this libtorch does not reach it", "install PyTorch with CUDA for the python3 on the PATH, or name one with KIT_TORCH_PYTHON, and run ./kit test")
            : Finding.Ok("CUDA", "no NVIDIA GPU here: everything runs on the CPU");

    private static Finding Threads()
    {
        var (used, cores) = (torch.get_num_threads(), Environment.ProcessorCount);
        return used >= cores
            ? Finding.Ok("threads", $"{used} of {cores} cores")
            : new Finding("threads", Health.Warning, $"{used} of {cores} cores", "unset OMP_NUM_THREADS unless fewer threads are wanted");
    }

    private static Finding Blas()
    {
        using (var a = torch.ones(8, 8))
            a.matmul(a).Dispose();
        return JudgeBlas(LoadedLibrary("libopenblas") ?? LoadedLibrary("libmkl") ?? LoadedLibrary("libblis") ?? LoadedLibrary("libblas"));
    }

    /// <summary>The reference BLAS is many times slower than an optimized one, and it is what Debian installs by default.</summary>
    /// <param name="library">The path of the BLAS that is loaded; null where libtorch has its own.</param>
    internal static Finding JudgeBlas(string? library) => library switch
    {
        null => Finding.Ok("BLAS", "inside libtorch"),
        _ when new[] { "openblas", "mkl", "blis", "atlas" }.Any(name => library.Contains(name, StringComparison.OrdinalIgnoreCase)) => Finding.Ok("BLAS", library),
        _ => new Finding("BLAS", Health.Warning, $"{library} is the reference BLAS, about 20 times slower", "apt-get install --no-install-recommends libopenblas0-pthread"),
    };

    private static string? LoadedLibrary(string name) => !File.Exists("/proc/self/maps") ? null : (
        from line in File.ReadLines("/proc/self/maps")
        let path = line[(line.LastIndexOf(' ') + 1)..]
        where Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)
        select path).FirstOrDefault();
}
