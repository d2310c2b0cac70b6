using System.Runtime.InteropServices;
using NotebookKit.Tensors;

namespace NotebookKit.Tests.Tensors;

/// <summary>The copy of TorchSharp's native half for a system whose libstdc++ is older.</summary>
public sealed class MendedLibraryTests : IDisposable
{
    private const string CacheHome = "XDG_CACHE_HOME";

    private readonly TemporaryFolder _folder = new();
    private readonly string? _cache = Environment.GetEnvironmentVariable(CacheHome);

    public MendedLibraryTests() => Environment.SetEnvironmentVariable(CacheHome, _folder["cache"]);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(CacheHome, _cache);
        _folder.Dispose();
    }

    [Fact]
    public void The_packages_own_file_is_mended_so_that_it_loads()
    {
        var (original, copy) = (File.ReadAllBytes(Original()), MendedLibrary.Of(Original()));
        Assert.StartsWith(_folder["cache"], copy, StringComparison.Ordinal);
        Assert.True(NativeLibrary.TryLoad(copy, out var library));
        Assert.True(NativeLibrary.TryGetExport(library, "THSTorch_manual_seed", out _));

        // A symbol's name (4 bytes), its version and the need's flag (2 bytes each) and nothing else.
        var mended = File.ReadAllBytes(copy);
        Assert.Equal(original.Length, mended.Length);
        Assert.InRange(Enumerable.Range(0, mended.Length).Count(i => mended[i] != original[i]), 2, 8);
    }

    [Fact]
    public void A_copy_that_is_whole_stays_and_a_damaged_one_is_made_anew()
    {
        var copy = MendedLibrary.Of(Original());
        var (whole, made) = (File.ReadAllBytes(copy), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(copy, made);
        Assert.Equal(copy, MendedLibrary.Of(Original()));
        Assert.Equal(made, File.GetLastWriteTimeUtc(copy));

        File.WriteAllBytes(copy, whole.AsSpan(0, whole.Length / 2));
        Assert.Equal(copy, MendedLibrary.Of(Original()));
        Assert.True(File.ReadAllBytes(copy).AsSpan().SequenceEqual(whole));
    }

    [Fact]
    public void Where_the_cache_cannot_be_written_the_copy_lies_beside_the_program()
    {
        File.WriteAllText(_folder["file"], "");
        Environment.SetEnvironmentVariable(CacheHome, _folder["file", "below"]);
        var copy = MendedLibrary.Of(Original());
        Assert.Equal(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory), Path.GetDirectoryName(copy));
        File.Delete(copy);
    }

    [Theory]
    [InlineData("no ELF file")]
    [InlineData("cut short")]
    [InlineData("another version")]
    [InlineData("without the symbol")]
    public void A_file_that_is_laid_out_otherwise_is_refused_in_one_sentence(string fault)
    {
        var bytes = File.ReadAllBytes(Original());
        bytes = fault switch
        {
            "no ELF file" => [.. "#!/bin/sh"u8],
            "cut short" => bytes[..(bytes.Length / 2)],
            "another version" => Replaced("GLIBCXX_3.4.32"u8, "GLIBCXX_3.4.99"u8),
            _ => Replaced("_ZSt21ios_base_library_initv"u8, "_ZSt21ios_base_library_oldv"u8),
        };
        var file = _folder["libLibTorchSharp.so"];
        File.WriteAllBytes(file, bytes);
        var message = Assert.Throws<BadInputException>(() => MendedLibrary.Of(file)).Message;
        Assert.StartsWith($"{file} needs GLIBCXX_3.4.32", message, StringComparison.Ordinal);
        Assert.Contains("upgrade to", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.False(Directory.Exists(_folder["cache"]));

        byte[] Replaced(ReadOnlySpan<byte> name, ReadOnlySpan<byte> by)
        {
            var at = bytes.AsSpan().IndexOf(name);
            Assert.True(at > 0);
            by.CopyTo(bytes.AsSpan(at));
            return bytes;
        }
    }

    // …/libtorch-cpu-linux-x64/2.10.0/runtimes/linux-x64/native/libtorch_cpu.so stands beside …/torchsharp/0.107.0/….
    private static string Original()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the copy is Linux' alone");
        var native = Path.GetDirectoryName(TorchLibrary.Files.First(file => Path.GetFileName(file) == "libtorch_cpu.so"))!;
        var cache = Path.GetFullPath(Path.Combine(native, "..", "..", "..", "..", ".."));
        return Path.Combine(cache, "torchsharp", TorchLibrary.Versions.TorchSharp, "runtimes", "linux-x64", "native",
            "libLibTorchSharp.so");
    }
}
