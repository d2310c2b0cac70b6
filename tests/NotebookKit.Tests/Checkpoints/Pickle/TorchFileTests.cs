using System.IO.Compression;
using NotebookKit.Checkpoints;
using NotebookKit.Checkpoints.Zip;
using static NotebookKit.Tests.Checkpoints.Pickle.PickleBytes;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Checkpoints.Pickle;

public sealed class TorchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IDisposable _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Views_strides_types_and_parameters_come_out_as_PyTorch_gives_them()
    {
        var actual = WeightFile.Load(House.Golden("convert", "odd_tensors.ckpt"));
        var expected = Safetensors.Load(House.Golden("convert", "odd_tensors.expect.safetensors"));
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, tensor) in expected)
        {
            Assert.Equal((tensor.dtype, string.Join(',', tensor.shape)), (actual[name].dtype, string.Join(',', actual[name].shape)));
            Assert.True(tensor.eq(actual[name]).all().item<bool>(), name);
        }
    }

    [Fact]
    public void The_format_before_PyTorch_1_6_holds_the_same_weights()
    {
        var (old, now) = (WeightFile.Load(House.Golden("convert", "te_legacy.ckpt")),
            WeightFile.Load(House.Golden("convert", "te_flat.ckpt")));
        Assert.Equal(now.Keys, old.Keys);
        Assert.All(now, pair => Assert.True(pair.Value.Equals(old[pair.Key]), pair.Key));
    }

    [Fact]
    public void A_tensor_that_two_names_share_is_one_tensor()
    {
        var tensor = Tensor("0", 4, 0, [4], [1]);
        byte[] pickle = [.. "}("u8, .. Word("a"), .. tensor, .. Word("b"), .. tensor, .. "u"u8];
        var loaded = Load(pickle);
        using (no_grad())
            loaded["a"].fill_(7);
        Assert.Equal(7f, loaded["b"][0].item<float>());
    }

    [Theory]
    [InlineData(4, 1, 4, 1)] // one past the end
    [InlineData(4, -1, 1, 1)]
    [InlineData(4, 0, -1, 1)]
    [InlineData(4, 0, 2, -1)]
    [InlineData(4, 0, 3, 2)]
    [InlineData(4, 0, 2_000_000, 0)] // a million times its storage
    [InlineData(5, 0, 1, 1)] // more than the file holds
    [InlineData(-1, 0, 1, 1)]
    [InlineData(4, int.MaxValue, int.MaxValue, int.MaxValue)]
    public void A_view_outside_its_storage_is_refused(int length, int offset, int size, int stride)
    {
        var error = Assert.Throws<BadInputException>(() => Load(Dictionary("w", Tensor("0", length, offset, [size], [stride]))));
        Assert.Contains(_folder["x.ckpt"], error.Message);
        Assert.Contains("Nothing in it was run", error.Message);
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch.storage", "_load_from_bytes")] // a pickle inside a pickle
    [InlineData("torch", "load")]
    [InlineData("collections", "OrderedDict.__init__")]
    [InlineData("functools", "partial")]
    public void Whatever_is_no_part_of_weights_is_refused_by_name_even_when_its_result_is_thrown_away(string module, string name)
    {
        byte[] call = [.. Global(module, name), .. "("u8, .. Word("touch /tmp/never"), .. "tR0"u8,
            .. Dictionary("w", Tensor("0", 4, 0, [4], [1]))];
        Assert.Contains($"{module}.{name}", Assert.Throws<BadInputException>(() => Load(call)).Message);
    }

    [Theory]
    [InlineData("(i__main__\nX\n")]
    [InlineData("(cos\nsystem\no")]
    [InlineData("\u0082\u0001")]
    [InlineData("P1\n")]
    [InlineData("R")]
    [InlineData("t")]
    [InlineData("h\u0005")]
    [InlineData("\u0093")]
    [InlineData("]]s")]
    [InlineData("}]]]u")]
    [InlineData("Inot a number\n")]
    [InlineData("X\u00ff\u00ff\u00ff\u007f")]
    public void A_malformed_or_needless_operation_is_one_sentence(string operations)
    {
        var error = Assert.Throws<BadInputException>(() => Load(System.Text.Encoding.Latin1.GetBytes(operations)));
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_pickle_that_copies_one_list_for_ever_is_stopped()
    {
        // A list of 100,000 numbers, made a set 50,000 times.
        byte[] numbers = [.. Repeated([(byte)'K', 1], 100_000)];
        byte[] set = [.. Global("builtins", "set"), (byte)'h', 0, 0x85, (byte)'R', (byte)'0'];
        byte[] pickle = [.. "]("u8, .. numbers, (byte)'e', (byte)'q', 0, (byte)'0', .. Repeated(set, 50_000), .. "}"u8];
        Assert.Contains("operations", Assert.Throws<BadInputException>(() => Load(pickle)).Message);
    }

    [Fact]
    public void What_lightning_numpy_and_old_tools_leave_in_a_checkpoint_is_passed_over()
    {
        byte[] lightning = [.. "}"u8, .. Global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"), .. "}s"u8];
        byte[] dtype = [.. Global("numpy", "dtype"), .. "("u8, .. Word("f8"), 0x89, 0x88, .. "tR("u8, .. Word("<"), .. "tb"u8];
        byte[] bytes = [.. Global("_codecs", "encode"), .. "("u8, .. Word("abc"), .. Word("latin1"), .. "tR"u8];
        byte[] scalar = [.. Global("numpy.core.multiarray", "scalar"), .. dtype, .. bytes, 0x86, .. "R"u8];
        byte[] twice = Dictionary("state_dict", Dictionary("w", Tensor("0", 4, 1, [2], [2])));
        using var file = Open([.. "}("u8, .. Word("epoch"), (byte)'K', 3, .. Word("callbacks"), .. lightning, .. Word("best"), .. scalar,
            .. Word("state_dict"), .. twice, .. "u"u8]);
        Assert.Equal([1f, 3f], file.Read("w").data<float>().ToArray());
        Assert.Equal("3", file.Metadata["epoch"]);
    }

    [Fact]
    public void A_tensor_with_fields_of_its_own_is_a_tensor()
    {
        byte[] tensor = Tensor("0", 4, 0, [4], [1]);
        // Its own call, with the function, the type and the arguments as values.
        var function = Global("torch._utils", "_rebuild_tensor_v2");
        byte[] arguments = tensor[function.Length..^1];
        byte[] value = [.. Global("torch._tensor", "_rebuild_from_type_v2"), .. "("u8, .. function, .. Global("torch", "Tensor"),
            .. arguments, .. "}tR"u8];
        Assert.Equal([0f, 1f, 2f, 3f], Load(Dictionary("w", value))["w"].data<float>().ToArray());
        byte[] again = [.. Global("torch._tensor", "_rebuild_from_type_v2"), .. "("u8, .. Global("torch._tensor", "_rebuild_from_type_v2"),
            .. Global("torch", "Tensor"), .. ")}tR"u8];
        Assert.Throws<BadInputException>(() => Load(Dictionary("w", again)));
    }

    [Fact]
    public void A_flipped_bit_among_the_weights_is_found_by_the_archive_s_checksum()
    {
        var path = _folder["w.ckpt"];
        TorchFileWriter.Save(path, [new TensorToSave("w", arange(1000, ScalarType.Float32), ScalarType.Float32),
            new TensorToSave("v", ones(3), ScalarType.Float32)], new Dictionary<string, string>());
        var bytes = File.ReadAllBytes(path);
        ZipPart part;
        using (var mapped = MappedFile.Open(path))
            part = ZipDirectory.Read(mapped).Values.Single(part => part.Length == 4000);
        bytes[part.DataOffset + 2001] ^= 0x10;
        File.WriteAllBytes(path, bytes);
        var message = Assert.Throws<BadInputException>(() => WeightFile.Load(path)).Message;
        Assert.Contains("is damaged", message, StringComparison.Ordinal);
        Assert.Contains(part.Name, message, StringComparison.Ordinal);

        // Not read from its start, as a view is, the part is checked whole; another part is as good as before.
        using (var mapped = MappedFile.Open(path))
        using (var reader = new ZipPartReader(mapped))
            Assert.Throws<BadInputException>(() => reader.Copy(part, 8, new byte[4]));
        using (var file = WeightFile.Open(path))
            Assert.Equal(3, file.Read("v").sum().item<float>());

        // A writer that was told not to compute checksums leaves 0.
        var checksum = bytes.AsSpan().LastIndexOf(System.Text.Encoding.UTF8.GetBytes(part.Name)) - 46 + 16;
        bytes.AsSpan(checksum, 4).Clear();
        File.WriteAllBytes(path, bytes);
        Assert.Equal(1000, WeightFile.Load(path)["w"].numel());
    }

    [Fact]
    public void A_repacked_archive_and_one_with_ZIP64_fields_are_read()
    {
        var pickle = Whole(Dictionary("w", Tensor("0", 4, 0, [2, 2], [2, 1])));
        using (var zip = ZipFile.Open(_folder["packed.ckpt"], ZipArchiveMode.Create))
        {
            Put(zip, "data.pkl", pickle);
            Put(zip, "data/0", new float[] { 0, 1, 2, 3 }.SelectMany(BitConverter.GetBytes).ToArray());
        }

        Assert.Equal(3f, WeightFile.Load(_folder["packed.ckpt"])["w"][1, 1].item<float>());
        File.WriteAllBytes(_folder["wide.ckpt"], Zip64.Widen(Checkpoint(pickle)));
        Assert.Equal(3f, WeightFile.Load(_folder["wide.ckpt"])["w"][1, 1].item<float>());
    }

    [Fact]
    public void What_is_no_checkpoint_is_called_by_its_name()
    {
        foreach (var (content, named) in new[] { ("", "empty"), ("<html>", "web page"), ("version https://git-lfs", "git lfs pull"),
            ("hello", "no checkpoint"), ("PK\u0003\u0004", "cut off") })
        {
            File.WriteAllText(_folder["y.ckpt"], content);
            Assert.Contains(named, Assert.Throws<BadInputException>(() => WeightFile.Open(_folder["y.ckpt"])).Message);
        }
    }

    private static IEnumerable<byte> Repeated(byte[] bytes, int times) => Enumerable.Repeat(bytes, times).SelectMany(each => each);

    private static void Put(ZipArchive zip, string name, byte[] bytes)
    {
        using var stream = zip.CreateEntry("archive/" + name, CompressionLevel.Optimal).Open();
        stream.Write(bytes);
    }

    private WeightFile Open(byte[] value)
    {
        File.WriteAllBytes(_folder["x.ckpt"], Checkpoint(Whole(value)));
        return WeightFile.Open(_folder["x.ckpt"]);
    }

    private Dictionary<string, Tensor> Load(byte[] value)
    {
        using var file = Open(value);
        return file.ReadAll(null);
    }
}
