using NotebookKit.Images;
using NotebookKit.Training.Runs;

namespace NotebookKit.Tests.Training.Runs;

public sealed class SampleSheetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => _folder["toy-epoch-0010.sheet.png"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_of_different_lengths_come_back_to_the_bit_with_their_prompts()
    {
        SampleRow[] rows = [new("a photo of zwx \"兔子\"", [Noise(1), Noise(2), Noise(3)]), new("a toy", [Noise(4)])];
        SampleSheet.Write(File, rows);
        var read = SampleSheet.Read(File);
        Assert.Equal(rows.Select(row => row.Prompt), read.Select(row => row.Prompt));
        Assert.Equal(rows.Select(row => row.Pictures.Count), read.Select(row => row.Pictures.Count));
        Assert.Equal(rows.SelectMany(row => row.Pictures).Select(picture => picture.Pixels),
            read.SelectMany(row => row.Pictures).Select(picture => picture.Pixels));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("[null]")]
    [InlineData("""[{"Prompt":"a toy","Count":0}]""")]
    [InlineData("""[{"Prompt":"a toy","Count":5}]""")] // 16 pixels are not five pictures
    public void A_picture_that_is_no_sheet_is_refused(string? text)
    {
        System.IO.File.WriteAllBytes(File,
            Noise(1).ToPng(text is null ? null : new Dictionary<string, string> { ["rows"] = text }));
        var refused = Assert.Throws<BadInputException>(() => SampleSheet.Read(File));
        Assert.Contains("is no sheet of samples", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sheet_that_is_gone_is_named()
    {
        var refused = Assert.Throws<BadInputException>(() => new SampleGrid(10, _folder["toy-epoch-0010.png"]).Rows);
        Assert.Contains(File, refused.Message, StringComparison.Ordinal);
    }

    private static RgbImage Noise(int seed)
    {
        var picture = new RgbImage(16, 12);
        new Random(seed).NextBytes(picture.Pixels);
        return picture;
    }
}
