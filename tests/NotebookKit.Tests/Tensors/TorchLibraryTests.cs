using NotebookKit.Tensors;
using NotebookKit.Tests.Cli;

namespace NotebookKit.Tests.Tensors;

/// <summary>libtorch loaded by another process, whose NuGet cache or environment is not as it should be.</summary>
public sealed class TorchLibraryTests : IDisposable
{
    private const string Torch = "libtorch_cpu.so", Base = "libc10.so", TorchSharp = "libLibTorchSharp.so",
        OpenMp = "libgomp-98b21ff3.so.1";

    private readonly TemporaryFolder _folder = new();

    public TorchLibraryTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "the files are Linux'");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Torch, "gone", "is missing")]
    [InlineData(Torch, "cut", "is cut short")]
    [InlineData(Base, "empty", "is cut short")]
    [InlineData(OpenMp, "cut", "is cut short")]
    [InlineData(OpenMp, "gone", "does not load")]
    [InlineData(TorchSharp, "cut", "is cut short")]
    [InlineData(TorchSharp, "gone", "is missing")]
    [InlineData(TorchSharp, "text", "does not load")]
    public void A_damaged_file_in_the_cache_is_one_sentence_with_the_folder_to_delete(string name, string damage, string fault)
    {
        var file = Damaged(name, damage);

        var (code, output, error) = Sample(new() { ["NUGET_PACKAGES"] = _folder["cache"] });

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("kit: ", error, StringComparison.Ordinal);
        Assert.Contains(fault, error, StringComparison.Ordinal);
        Assert.Contains(name, error, StringComparison.Ordinal);
        Assert.Contains($"delete the folder {Package(file)} and run ./kit test", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public void Verbs_that_compute_nothing_work_without_it_and_the_doctor_tells()
    {
        Damaged(Torch, "cut");
        var environment = new Dictionary<string, string?> { ["NUGET_PACKAGES"] = _folder["cache"] };

        Assert.Equal(0, KitCommand.RunWith(environment, "train", "--help").Code);
        Assert.Equal(0, KitCommand.RunWith(environment, "captions", Path.Combine(House.Root, "data", "sample-rabbit")).Code);
        var (code, output, _) = KitCommand.RunWith(environment, "doctor");
        Assert.Equal(1, code);
        Assert.Matches($"(?m)^missing +libtorch .*{Torch} is cut short: delete the folder", output);
    }

    [Fact]
    public void A_whole_cache_elsewhere_is_used()
    {
        Cache();
        Assert.Matches($@"(?m)^ok +libtorch +{TorchLibrary.Versions.LibTorch} \(cpu\), {_folder["cache"]}",
            KitCommand.RunWith(new() { ["NUGET_PACKAGES"] = _folder["cache"] }, "doctor").Output);
    }

    [Fact]
    public void Another_libtorch_in_the_loaders_path_is_not_taken()
    {
        var other = Directory.CreateDirectory(_folder["other"]).FullName;
        foreach (var name in new[] { Torch, Base, "libtorch.so", TorchSharp })
            File.WriteAllText(Path.Combine(other, name), ""); // where the loader looked there, it would say: file too short

        var (code, _, error) = Sample(new() { ["LD_LIBRARY_PATH"] = other });
        Assert.True(code == 0, error);
    }

    [Fact]
    public void A_damaged_OpenMP_in_the_loaders_path_is_one_sentence()
    {
        var other = Directory.CreateDirectory(_folder["other"]).FullName;
        File.WriteAllText(Path.Combine(other, OpenMp), "");

        var (code, _, error) = Sample(new() { ["LD_LIBRARY_PATH"] = other });
        Assert.Equal(2, code);
        Assert.Contains($"LD_LIBRARY_PATH names {other}", error, StringComparison.Ordinal);
        Assert.Contains("unset LD_LIBRARY_PATH", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_processor_without_AVX2_is_warned_of_and_works()
    {
        var plain = new Dictionary<string, string?> { ["DOTNET_EnableAVX2"] = "0", ["ATEN_CPU_CAPABILITY"] = "default" };

        Assert.Matches("(?m)^warning +processor +no AVX2", KitCommand.RunWith(plain, "doctor").Output);
        Assert.Equal(0, Sample(plain).Code);
    }

    [Fact]
    public void A_learners_own_threads_and_waiting_stay()
    {
        var (_, output, _) = KitCommand.RunWith(new() { ["OMP_NUM_THREADS"] = "1", ["GOMP_SPINCOUNT"] = "77" }, "doctor");
        Assert.Matches("(?m) threads +1 by OMP_NUM_THREADS, GOMP_SPINCOUNT=77$", output);
        (_, output, _) = KitCommand.RunWith(new() { ["OMP_NUM_THREADS"] = null, ["GOMP_SPINCOUNT"] = null, ["OMP_WAIT_POLICY"] = null },
            "doctor");
        Assert.Matches($"(?m)^ok +threads +all {Environment.ProcessorCount} cores, one where a miniature is trained, \\d+ turns of "
            + "waiting before a thread sleeps$", output);
    }

    private (int Code, string Output, string Error) Sample(Dictionary<string, string?> environment) =>
        KitCommand.RunWith(environment, "sample", "--prompt", "a toy", "--steps", "1", "--out", _folder["pictures"]);

    // A cache with links to the files of the one in use.
    private void Cache()
    {
        foreach (var original in Originals())
        {
            var copy = Path.Combine(_folder["cache"], Path.GetRelativePath(PackagesFolder, original));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.CreateSymbolicLink(copy, original);
        }
    }

    private string Damaged(string name, string damage)
    {
        Cache();
        var original = Originals().Single(file => Path.GetFileName(file) == name);
        var copy = Path.Combine(_folder["cache"], Path.GetRelativePath(PackagesFolder, original));
        File.Delete(copy); // the link
        switch (damage)
        {
            case "cut":
                using (var stream = File.OpenRead(original))
                {
                    var start = new byte[new FileInfo(original).Length * 3 / 4];
                    stream.ReadExactly(start);
                    File.WriteAllBytes(copy, start);
                }

                break;
            case "empty":
                File.WriteAllText(copy, "");
                break;
            case "text":
                File.WriteAllText(copy, new string('x', 1000));
                break;
        }

        return copy;
    }

    private static IEnumerable<string> Originals() =>
        Directory.GetFiles(Native("libtorch-cpu-linux-x64", TorchLibrary.Versions.LibTorch))
            .Concat(Directory.GetFiles(Native("torchsharp", TorchLibrary.Versions.TorchSharp)));

    private static string Native(string package, string version) =>
        Path.Combine(PackagesFolder, package, version, "runtimes", "linux-x64", "native");

    private static string Package(string file) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    // …/libtorch-cpu-linux-x64/2.10.0/runtimes/linux-x64/native/libtorch_cpu.so
    private static string PackagesFolder =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(TorchLibrary.Files.Single(file => Path.GetFileName(file) == Torch))!, "..",
            "..", "..", "..", ".."));
}
