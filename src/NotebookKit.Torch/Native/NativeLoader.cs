using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>Finds <c>libkit_torch.so</c>, sets what libtorch reads once while it loads, and picks the number of threads.</summary>
internal static class NativeLoader
{
    public const string Library = "kit_torch";
    private const string FileName = "libkit_torch.so";

    /// <summary>Where the library was found.</summary>
    public static string Path { get; private set; } = "";

    public static void Prepare()
    {
        // Environment.SetEnvironmentVariable does not reach native code, and these are read while the libraries load.
        // OpenMP threads that spin at barriers are many times slower on a busy machine; OpenBLAS runs inside them.
        setenv("OMP_WAIT_POLICY", "passive", 0);
        setenv("OPENBLAS_NUM_THREADS", "1", 0);

        Path = Find();
        var handle = NativeLibrary.Load(Path);
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Library ? handle : 0);

        // libtorch takes one thread on many virtual machines.
        var wanted = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        NativeMethods.kit_set_num_threads(int.TryParse(wanted, out var threads) && threads > 0 ? threads : Environment.ProcessorCount);
    }

    private static string Find()
    {
        var tried = new List<string>();
        foreach (var folder in Folders())
        {
            var path = System.IO.Path.Combine(folder, FileName);
            if (File.Exists(path))
                return path;
            tried.Add(folder);
        }

        throw new DllNotFoundException($"{FileName} was not found: run ./kit doctor, or set KIT_NATIVE to the folder that holds it. Looked in {string.Join(", ", tried)}.");
    }

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable("KIT_NATIVE") is { Length: > 0 } named)
            yield return named;
        var beside = System.IO.Path.GetDirectoryName(typeof(NativeLoader).Assembly.Location);
        if (!string.IsNullOrEmpty(beside))
            yield return beside;
        yield return AppContext.BaseDirectory;
        foreach (var start in new[] { beside, AppContext.BaseDirectory, Environment.CurrentDirectory })
            for (var folder = start; !string.IsNullOrEmpty(folder); folder = System.IO.Path.GetDirectoryName(folder))
                if (Directory.Exists(System.IO.Path.Combine(folder, "artifacts", "native")))
                    yield return System.IO.Path.Combine(folder, "artifacts", "native");
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern unsafe int Setenv(byte* name, byte* value, int overwrite);

    private static unsafe void setenv(string name, string value, int overwrite)
    {
        fixed (byte* n = System.Text.Encoding.UTF8.GetBytes(name + "\0"), v = System.Text.Encoding.UTF8.GetBytes(value + "\0"))
            _ = Setenv(n, v, overwrite);
    }
}
