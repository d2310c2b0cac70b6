using NotebookKit.Tensors;
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

        Finding? broken = null;
        try
        {
            TorchLibrary.Load();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            broken = new Finding("libtorch", Health.Missing, e.Message.ReplaceLineEndings(" "), "run ./kit test once: it installs libtorch and builds the native layer");
        }

        if (broken is not null)
        {
            yield return broken;
            yield break;
        }

        yield return Finding.Ok("libtorch", $"{torch.__version__}, {LoadedLibrary("libtorch_cpu") ?? "path unknown"}");
        yield return Finding.Ok("TorchSharp", $"{TorchLibrary.Versions.TorchSharp}, {TorchLibrary.Files[^1]}");
        yield return Gpu();
        yield return Threads();
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

    private static string? LoadedLibrary(string name) => !File.Exists("/proc/self/maps") ? null : (
        from line in File.ReadLines("/proc/self/maps")
        let path = line[(line.LastIndexOf(' ') + 1)..]
        where Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)
        select path).FirstOrDefault();
}
