using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
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
    private const uint DynamicSymbols = 11, VersionNeeds = 0x6FFFFFFE, SymbolVersions = 0x6FFFFFFF;
    private const ushort Weak = 2;

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
    internal static void Mend(byte[] elf)
    {
        if (elf.Length < 64 || !elf.AsSpan(0, 5).SequenceEqual("\u007fELF\u0002"u8))
            throw new InvalidDataException("not a 64-bit ELF file");
        var (table, entry, count) = ((int)Long(0x28), Short(0x3A), Short(0x3C));
        var symbols = Section(DynamicSymbols);
        var (needs, versions) = ((int)Long(Section(VersionNeeds) + 24), (int)Long(Section(SymbolVersions) + 24));
        var strings = (int)Long(table + ((int)Int(symbols + 40) * entry) + 24);
        var (from, length) = ((int)Long(symbols + 24), (int)Long(symbols + 32));

        var (wanted, harmless) = (Index(Symbol), Index(Harmless));
        Put(from + (24 * wanted), Int(from + (24 * harmless)));
        Put16(versions + (2 * wanted), Short(versions + (2 * harmless)));

        var found = false;
        for (var need = needs; ; need += (int)Int(need + 12))
        {
            for (var one = need + (int)Int(need + 8); ; one += (int)Int(one + 12))
            {
                if (Text((int)Int(one + 8)) == Version)
                {
                    Put16(one + 4, (ushort)(Short(one + 4) | Weak));
                    found = true;
                }

                if (Int(one + 12) == 0)
                    break;
            }

            if (Int(need + 12) == 0)
                break;
        }

        if (!found)
            throw new InvalidDataException($"{Version} is not asked for");

        int Section(uint kind)
        {
            for (var i = 0; i < count; i++)
            {
                if (Int(table + (i * entry) + 4) == kind)
                    return table + (i * entry);
            }

            throw new InvalidDataException($"no section of type {kind:x}");
        }

        int Index(string name)
        {
            for (var i = 0; i < length / 24; i++)
            {
                if (Text((int)Int(from + (24 * i))) == name)
                    return i;
            }

            throw new InvalidDataException($"{name} is not imported");
        }

        string Text(int offset)
        {
            var bytes = elf.AsSpan(strings + offset);
            return Encoding.Latin1.GetString(bytes[..bytes.IndexOf((byte)0)]);
        }

        ulong Long(int at) => BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(at));
        uint Int(int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(at));
        ushort Short(int at) => BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(at));
        void Put(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(at), value);
        void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(at), value);
    }
}
