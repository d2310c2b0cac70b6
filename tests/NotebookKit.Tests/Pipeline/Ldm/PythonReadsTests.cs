using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Pipeline.Ldm;

public sealed class PythonReadsTests
{
    [Fact]
    public void Python_s_zipfile_finds_a_written_checkpoint_whole_and_unpacked()
    {
        using var folder = new TemporaryFolder();
        Write(folder["x.ckpt"]);
        var names = Python.Run("import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(*z.namelist()); "
            + "print({i.compress_type for i in z.infolist()})", folder["x.ckpt"]);
        Assert.SkipWhen(names is null, "python3 is not on this machine");
        Assert.Contains("archive/data.pkl archive/byteorder archive/data/0 archive/data/1 archive/version", names.Value.Output);
        Assert.Contains("{0}", names.Value.Output);
    }

    [Fact]
    public void PyTorch_opens_a_written_checkpoint_with_weights_only()
    {
        using var folder = new TemporaryFolder();
        Write(folder["x.ckpt"]);
        var said = Python.Run("import sys, torch; d = torch.load(sys.argv[1], weights_only=True); s = d['state_dict']; print(d['note'], "
            + "s['a'].tolist(), s['b'].dtype, tuple(s['b'].shape))", folder["x.ckpt"]);
        Assert.SkipWhen(said is null, "no python3 on this machine has PyTorch");
        Assert.Equal("kept [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] torch.float16 (2,)", said.Value.Output.Trim());
    }

    private static void Write(string path)
    {
        using var scope = NewDisposeScope();
        TorchFileWriter.Save(
            path, [new TensorToSave("a", arange(6, ScalarType.Float32).view(2, 3), ScalarType.Float32),
                new TensorToSave("b", ones(2), ScalarType.Float16)],
            new Dictionary<string, string> { ["note"] = "kept" });
    }
}
