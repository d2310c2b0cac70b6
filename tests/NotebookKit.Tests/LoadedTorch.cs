using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using NotebookKit.Tensors;
using static TorchSharp.torch;

namespace NotebookKit.Tests;

/// <summary>libtorch, loaded before the first test, by which time a test may have used TorchSharp and nothing of the kit.</summary>
internal static class LoadedTorch
{
    /// <summary>
    /// One thread for each operator, unless OMP_NUM_THREADS says otherwise: the tests' tensors are small, and on a busy
    /// machine threads that wait for one another take most of the time. A test about threads sets its own number.
    /// </summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The one moment that lies before every test.")]
    internal static void Load()
    {
        TorchLibrary.Load();
        if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
            set_num_threads(1);
    }
}
