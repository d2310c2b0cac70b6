using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NotebookKit.Checkpoints;

namespace NotebookKit.Tensors;

/// <summary>
/// A copy of TorchSharp's native half that loads where libstdc++ is older than GCC 13's (Debian 12, Ubuntu 22.04). All that
/// the file asks of the newer one is <c>std::ios_base_library_init</c>, by which a program sets its streams up, and
/// libtorch's own files, built by an older GCC, have done so. In the copy that need is a weak one, and the symbol names
/// another function that the file imports, without arguments or effect.
/// </summary>
internal static class MendedLibrary
{
    /// <summary>The version of the C++ library that an older system lacks.</summary>
    public const string Version = "GLIBCXX_3.4.32";

    private const string Symbol = "_ZSt21ios_base_library_initv";
    private const string Harmless = "_ZNSt6chrono3_V212steady_clock3nowEv";

    /// <summary>Loads the copy; made where it is not there.</summary>
    /// <param name="file">The original.</param>
    /// <returns>The path of the copy.</returns>
    /// <exception cref="BadInputException">The file is laid out otherwise than expected, or the copy can be written, or loaded,
    /// nowhere.</exception>
    public static string Load(string file) => Made(file, path => NativeLibrary.Load(path));

    /// <summary>The path of the copy; made where it is not there.</summary>
    /// <inheritdoc cref="Load"/>
    public static string Of(string file) => Made(file, _ => { });

    private static string Made(string file, Action<string> use)
    {
        var bytes = File.ReadAllBytes(file);
        var name = $"libLibTorchSharp-{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}.so";
        try
        {
            Mend(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw new BadInputException($"{file} needs {Version} of libstdc++ (GCC 13's), which this system lacks, and is laid out "
                + "otherwise than expected, so that no copy without that need can be made: upgrade to a system with GCC 13's libstdc++ "
                + "(Debian 13, Ubuntu 24.04).", e);
        }

        var reasons = new List<string>();
        foreach (var place in CacheFolder.Places())
        {
            var path = Path.Combine(place, name);
            try
            {
                // Compared, not trusted: what is loaded is what was just made.
                if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
                    AtomicFile.Write(path, stream => stream.Write(bytes));
                use(path);
                return path;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadInputException || NativeFile.IsLoading(e))
            {
                // Not writable, or nothing there may be run.
                reasons.Add(NativeFile.Reason(e));
            }
        }

        throw new BadInputException($"a copy of {file} that fits this system's libstdc++ can be written, or loaded, nowhere "
            + $"({string.Join("; ", reasons)}): set XDG_CACHE_HOME to a folder that may be written.");
    }

    /// <summary>Mends the file's bytes in place.</summary>
    /// <exception cref="InvalidDataException">It is no 64-bit ELF file with what is looked for.</exception>
    internal static void Mend(byte[] bytes)
    {
        var elf = new ElfImports(bytes);
        elf.Replace(Symbol, Harmless);
        elf.Weaken(Version);
    }
}
