using NotebookKit.Tensors;
using TorchSharp;

namespace NotebookKit.Cli.Doctor;

/// <summary>The libtorch that computes, what it computes on, and how fast that can be.</summary>
internal static class TensorChecks
{
    private const string Cuda = "KIT_TORCH=cuda ./kit test builds for it: 6 GB from NuGet, and a driver from 570 on (12.8 of CUDA)";

    public static IEnumerable<Finding> All()
    {
        if (Unloaded() is { } broken)
        {
            yield return broken;
            yield return Processor();
            yield break;
        }

        var (torchSharp, libTorch) = TorchLibrary.Versions;
        yield return Finding.Ok("TorchSharp", $"{torchSharp}, "
            + TorchLibrary.Files[^1] + (TorchLibrary.IsMended
                ? $" (a copy, made because the libstdc++ here is older than GCC 13's and lacks {MendedLibrary.Version})" : ""));
        yield return Finding.Ok("libtorch", $"{libTorch} ({TorchLibrary.Kind}), "
            + $"{TorchLibrary.Files.First(file => Path.GetFileName(file).Contains("torch_cpu", StringComparison.Ordinal))}");
        yield return Processor();
        yield return Threads();
        yield return Finding.Ok("matrix kernels", MklKernels.Choice);
        yield return Gpu(TorchLibrary.Kind, torch.cuda.is_available() ? torch.cuda.device_count() : 0, File.Exists("/dev/nvidiactl"));
    }

    /// <summary>What is to be said of the GPU.</summary>
    /// <param name="kind">Which libtorch this is, cpu or cuda.</param>
    /// <param name="reached">How many GPUs it reaches.</param>
    /// <param name="present">Whether the system has a driver of NVIDIA's.</param>
    internal static Finding Gpu(string kind, int reached, bool present) => (kind, reached, present) switch
    {
        (_, > 0, _) => Finding.Ok("GPU", $"{reached} of NVIDIA's"),
        ("cuda", _, true) => new Finding("GPU", Health.Warning, "there is an NVIDIA GPU, and libtorch does not reach it",
            "nvidia-smi tells the driver: it must be 570 or newer (CUDA 12.8)"),
        ("cuda", _, false) => new Finding("GPU", Health.Warning,
            "this libtorch is CUDA's, and there is no NVIDIA GPU here: everything runs on the CPU",
            "unset KIT_TORCH, and the next ./kit builds for the CPU"),
        (_, _, true) => new Finding("GPU", Health.Warning, "there is an NVIDIA GPU, and this libtorch is the CPU's", Cuda),
        _ => Finding.Ok("GPU", "no NVIDIA GPU here: everything runs on the CPU"),
    };

    private static Finding? Unloaded()
    {
        try
        {
            TorchLibrary.Load();
            return null;
        }
        catch (BadInputException e)
        {
            return new Finding("libtorch", Health.Missing, e.Message,
                "what the sentence says; ./kit test fetches and builds what is not there");
        }
    }

    private static Finding Processor()
    {
        var chosen = Environment.GetEnvironmentVariable("ATEN_CPU_CAPABILITY") is { Length: > 0 } wish
            ? $"; ATEN_CPU_CAPABILITY={wish} holds libtorch to that" : "";
        return Tensors.Processor.HasAvx2
            ? Finding.Ok("processor", Tensors.Processor.Capability + chosen)
            : new Finding("processor", Health.Warning, $"{Tensors.Processor.Capability}: everything works, and is slower",
                "take a machine with AVX2 (Intel's from 2013 on, AMD's from 2015 on)");
    }

    private static Finding Threads()
    {
        var (used, cores) = (torch.get_num_threads(), Environment.ProcessorCount);
        return used >= cores
            ? Finding.Ok("threads", Tensors.Threads.Choice)
            : new Finding("threads", Health.Warning, Tensors.Threads.Choice,
                $"unset OMP_NUM_THREADS unless fewer threads than the {cores} cores are wanted");
    }
}
