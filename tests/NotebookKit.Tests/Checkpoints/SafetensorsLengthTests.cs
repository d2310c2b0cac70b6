using System.Text;
using NotebookKit.Checkpoints;

namespace NotebookKit.Tests.Checkpoints;

public sealed class SafetensorsLengthTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("kit-length-").FullName, "a.safetensors");

    [Theory]
    [InlineData(0x80)] // as a pickle begins
    [InlineData(0x3C)] // as a web page begins
    [InlineData(0x50)] // as a zip begins
    public void A_header_may_be_as_long_as_other_formats_begin(int length)
    {
        var header = Encoding.ASCII.GetBytes("""{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""".PadRight(length));
        File.WriteAllBytes(_path, [.. BitConverter.GetBytes((ulong)length), .. header, 7, 8]);
        using var tensor = Safetensors.Load(_path)["x"];
        Assert.Equal<byte>([7, 8], tensor.data<byte>().ToArray());
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
}
