using System.Text;
using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IDisposable _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Every_type_shape_and_text_comes_back_as_it_was()
    {
        ScalarType[] types =
        [
            ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64,
            ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
        ];
        var tensors = types.ToDictionary(type => $"weights.{type}", type => tensor(new[] { 0f, 1f, 1f, 0f, 2f, 100f }).view(2, 3).to(type));
        tensors["scalar"] = tensor(-2.5f);
        tensors["empty"] = zeros(0, 7);
        tensors["transposed"] = arange(6).view(2, 3).t();
        tensors["größe 🐰"] = ones(1);
        Safetensors.Save(_folder["all.safetensors"], tensors, new Dictionary<string, string> { ["ss_note"] = "Ein \"Hase\"\n" });

        var loaded = Safetensors.Load(_folder["all.safetensors"]);
        Assert.Equal(tensors.Keys.Order(), loaded.Keys.Order());
        foreach (var (name, expected) in tensors)
        {
            Assert.Equal(expected.dtype, loaded[name].dtype);
            Assert.Equal(expected.shape, loaded[name].shape);
            Assert.True(expected.eq(loaded[name]).all().item<bool>(), name);
        }

        Assert.Equal("Ein \"Hase\"\n", Safetensors.ReadMetadata(_folder["all.safetensors"])["ss_note"]);
    }

    [Fact]
    public void Equal_content_gives_equal_bytes_and_aligned_data()
    {
        var (a, b, c) = (ones(3), zeros(2, ScalarType.Float16), ones(5, ScalarType.Int64));
        Safetensors.Save(_folder["1"], new Dictionary<string, Tensor> { ["a"] = a, ["b"] = b, ["c"] = c },
            new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" });
        Safetensors.Save(_folder["2"], new Dictionary<string, Tensor> { ["c"] = c, ["b"] = b, ["a"] = a },
            new Dictionary<string, string> { ["y"] = "2", ["x"] = "1" });
        Assert.Equal(File.ReadAllBytes(_folder["1"]), File.ReadAllBytes(_folder["2"]));
        var header = SafetensorsHeader.Read(_folder["1"]);
        Assert.Equal(0, header.DataStart % 8);
        Assert.All(header.Tensors.Values,
            entry => Assert.Equal(0, (header.DataStart + entry.Begin) % (entry.ByteCount / entry.Shape.Aggregate(1L, (x, y) => x * y))));
    }

    [Fact]
    public void A_truncated_file_says_how_much_is_missing_and_what_to_do()
    {
        Safetensors.Save(_folder["whole"], new Dictionary<string, Tensor> { ["w"] = ones(100) });
        File.WriteAllBytes(_folder["cut"], File.ReadAllBytes(_folder["whole"])[..^150]);
        var error = Assert.Throws<BadInputException>(() => Safetensors.Load(_folder["cut"]));
        Assert.Equal($"{_folder["cut"]} is truncated: it holds 250 bytes of tensor data, its header promises 400. Copy or download it "
            + "again.", error.Message);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html><html>Not found</html>", "web page")]
    [InlineData("PK\u0003\u0004and so on", ".ckpt")]
    [InlineData("", "empty")]
    public void What_is_no_safetensors_file_is_called_by_its_name(string content, string named)
    {
        File.WriteAllText(_folder["x.safetensors"], content, new UTF8Encoding(false));
        var error = Assert.Throws<BadInputException>(() => Safetensors.Load(_folder["x.safetensors"]));
        Assert.Contains(_folder["x.safetensors"], error.Message);
        Assert.Contains(named, error.Message);
    }

    [Fact]
    public void A_missing_file_or_a_folder_is_one_sentence()
    {
        Assert.Contains("does not exist", Assert.Throws<BadInputException>(() => Safetensors.Load(_folder["none"])).Message);
        Assert.Contains("is a folder", Assert.Throws<BadInputException>(() => Safetensors.Load(_folder.Root)).Message);
    }

    [Fact]
    public void No_single_wrong_byte_does_more_than_refuse_the_file()
    {
        Safetensors.Save(_folder["good"], new Dictionary<string, Tensor> { ["a"] = ones(2, 3), ["b"] = ones(4, ScalarType.Bool) },
            new Dictionary<string, string> { ["k"] = "v" });
        var good = File.ReadAllBytes(_folder["good"]);
        var refused = 0;
        for (var at = 0; at < good.Length; at++)
        {
            foreach (var wrong in (byte[])[0, (byte)'9', (byte)'"', 0xFF])
            {
                var bytes = (byte[])good.Clone();
                bytes[at] = wrong;
                File.WriteAllBytes(_folder["bad"], bytes);
                try
                {
                    using var each = NewDisposeScope();
                    Safetensors.Load(_folder["bad"]);
                }
                catch (BadInputException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, good.Length, 4 * good.Length);
    }

    [Theory]
    [InlineData("-0")]
    [InlineData("0.0")]
    [InlineData("0e0")]
    [InlineData("[0]")]
    [InlineData("null")]
    [InlineData("00")]
    public void An_offset_is_a_plain_whole_number(string zero)
    {
        var json = $"{{\"a\":{{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[{zero},1]}}}}";
        File.WriteAllBytes(_folder["x"], [.. BitConverter.GetBytes((long)json.Length), .. Encoding.ASCII.GetBytes(json), 7]);
        Assert.Contains(_folder["x"], Assert.Throws<BadInputException>(() => Safetensors.Load(_folder["x"])).Message);
    }

    [Fact]
    public void Padding_of_two_megabytes_is_read()
    {
        var json = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}" + new string(' ', 2_000_000);
        using (var file = File.Create(_folder["spaces"]))
        {
            file.Write(BitConverter.GetBytes((long)json.Length));
            file.Write(Encoding.ASCII.GetBytes(json));
            file.Write(BitConverter.GetBytes(1.5f));
        }

        Assert.Equal(1.5f, Safetensors.Load(_folder["spaces"])["a"].item<float>());
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        File.WriteAllText(_folder["x"], "old");
        Assert.Throws<IOException>(() => AtomicFile.Write(_folder["x"], stream =>
        {
            stream.Write(new byte[100_000]);
            throw new IOException("No space left on device");
        }));
        Assert.Equal("old", File.ReadAllText(_folder["x"]));
        Assert.Equal([_folder["x"]], Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void Two_tensors_of_one_name_are_not_written()
    {
        KeyValuePair<string, Tensor>[] twice = [new("a", ones(1)), new("a", ones(1))];
        Assert.Throws<ArgumentException>(() => Safetensors.Save(_folder["x"], twice));
        Assert.Empty(Directory.GetFiles(_folder.Root));
    }
}
