using System.Diagnostics;
using NotebookKit.Tensors;

namespace NotebookKit.Tests.Tensors;

/// <summary>Where libtorch is looked for: the CPU's in one package, CUDA's in many.</summary>
public sealed class NativePackagesTests : IDisposable
{
    private static readonly (string, string) Versions = ("0.107.0", "2.10.0");

    private readonly TemporaryFolder _folder = new();

    public NativePackagesTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "the files are named as Linux names them");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_lies_beside_the_program_comes_before_the_cache()
    {
        Put("libtorch-cpu-linux-x64/2.10.0", "libtorch_cpu.so");
        Put("torchsharp/0.107.0", "libLibTorchSharp.so");
        var program = Directory.CreateDirectory(_folder["program"]).FullName;
        Assert.StartsWith(_folder["cache"], Find("cpu", program).Torch.Single(), StringComparison.Ordinal);

        var beside = Directory.CreateDirectory(Path.Combine(program, "runtimes", NativePackages.System, "native")).FullName;
        File.WriteAllText(Path.Combine(beside, "libtorch_cpu.so"), "");
        File.WriteAllText(Path.Combine(beside, "libLibTorchSharp.so"), "");
        var (torch, torchSharp) = Find("cpu", program);
        Assert.Equal([beside], torch);
        Assert.Equal(beside, Path.GetDirectoryName(torchSharp));
    }

    [Theory]
    [InlineData("cpu", "the package libtorch-cpu-linux-x64 2.10.0 is not in NuGet's cache", "run ./kit test")]
    [InlineData("cuda", "the package libtorch-cuda--linux-x64 2.10.0 is not in NuGet's cache", "run KIT_TORCH=cuda ./kit test")]
    public void Nowhere_is_one_sentence_with_the_package_and_what_fetches_it(string kind, string fault, string remedy)
    {
        Put(kind == "cpu" ? "libtorch-cpu-linux-x64/2.9.1" : "libtorch-cpu-linux-x64/2.10.0", "libtorch_cpu.so");
        var message = Assert.Throws<BadInputException>(() => Find(kind)).Message;
        Assert.StartsWith(fault, message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
        Assert.Contains(_folder["cache"], message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_many_packages_find_one_another_through_one_folder_of_links()
    {
        // The CPU's own files, spread as CUDA's are: each needs others, and libgomp by a name that only its file has.
        var native = Path.GetDirectoryName(TorchLibrary.Files.Single(file => Path.GetFileName(file) == "libtorch_cpu.so"))!;
        foreach (var (part, name) in new[] { ("part1", "libc10.so"), ("part1", "libtorch.so"), ("part2-primary", "libtorch_cpu.so"),
            ("part6", Path.GetFileName(Directory.GetFiles(native, "libgomp*").Single())) })
            File.CreateSymbolicLink(Path.Combine(Put($"libtorch-cuda-12.8-linux-x64-{part}/2.10.0"), name), Path.Combine(native, name));
        Put("libtorch-cuda-12.8-linux-x64-part2-fragment1/2.10.0/fragments");
        Put("torchsharp/0.107.0", "libLibTorchSharp.so");

        var folders = Find("cuda").Torch;
        Assert.Equal(3, folders.Count);
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _folder["home"]);
        try
        {
            var one = NativePackages.InOneFolder(folders, "libtorch-cuda-2.10.0");
            Assert.StartsWith(_folder["home"], one, StringComparison.Ordinal);
            Assert.Equal(one, NativePackages.InOneFolder(folders, "libtorch-cuda-2.10.0")); // made already
            Assert.Equal(4, Directory.GetFiles(one).Length);

            using var ldd = Process.Start(new ProcessStartInfo("ldd",
                [Path.Combine(one, "libtorch.so")])
            { RedirectStandardOutput = true })!;
            var needs = ldd.StandardOutput.ReadToEnd();
            ldd.WaitForExit();
            Assert.DoesNotContain("not found", needs, StringComparison.Ordinal);
            Assert.Equal(3, needs.Split('\n')
                .Count(line => line.Contains($"=> {one}/lib", StringComparison.Ordinal))); // torch_cpu, c10, gomp
        }
        finally
        {
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", cache);
        }
    }

    private (IReadOnlyList<string> Torch, string TorchSharp) Find(string kind, params string[] programs) =>
        NativePackages.Find(kind, Versions, programs, [_folder["cache"]]);

    // A package's folder of native files, with some empty ones.
    private string Put(string package, params string[] files)
    {
        var native = Directory.CreateDirectory(Path.Combine(_folder["cache"], package, "runtimes", "linux-x64", "native")).FullName;
        foreach (var file in files)
            File.WriteAllText(Path.Combine(native, file), "");
        return native;
    }
}
