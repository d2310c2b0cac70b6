using System.Text;
using NotebookKit.Text;

namespace NotebookKit.Tests.Text;

public sealed class CaptionFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Picture => _folder["IMG_1.png"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("IMG_1.txt")]
    [InlineData("IMG_1.TXT")]
    [InlineData("IMG_1.Caption")]
    public void The_file_beside_the_picture_is_found_in_any_letter_case(string name)
    {
        File.WriteAllText(_folder[name], "a toy\n");
        Assert.Equal("a toy", FileWords.CaptionOf(Picture));
    }

    [Fact]
    public void Another_ending_is_looked_for_alone()
    {
        File.WriteAllText(_folder["IMG_1.txt"], "no");
        File.WriteAllText(_folder["IMG_1.tags"], "yes");
        Assert.Equal("yes", FileWords.CaptionOf(Picture, "tags"));
        Assert.Null(CaptionFile.Of(Picture, ".none"));
    }

    [Fact]
    public void Text_that_is_not_UTF_8_is_refused_with_the_file_and_the_byte()
    {
        File.WriteAllBytes(_folder["IMG_1.txt"], [.. "caf"u8, 0x92, .. "s"u8]);
        var refusal = Assert.Throws<BadInputException>(() => FileWords.CaptionOf(Picture)).Message;
        Assert.Contains("IMG_1.txt is not UTF-8: its byte 3 is 0x92", refusal, StringComparison.Ordinal);
        File.WriteAllBytes(_folder["IMG_1.txt"], Encoding.Unicode.GetBytes("toy")); // UTF-16 without its mark
        Assert.Throws<BadInputException>(() => FileWords.CaptionOf(Picture));
    }

    [Fact]
    public void UTF_16_with_a_mark_and_UTF_8_with_one_are_read()
    {
        foreach (var encoding in new Encoding[] { Encoding.Unicode, Encoding.BigEndianUnicode, new UTF8Encoding(true) })
        {
            File.WriteAllText(_folder["IMG_1.txt"], "café", encoding);
            Assert.Equal("café", FileWords.CaptionOf(Picture));
        }
    }
}
