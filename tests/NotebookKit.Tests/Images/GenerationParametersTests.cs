using System.IO.Compression;
using System.Text;
using NotebookKit.Images;

namespace NotebookKit.Tests.Images;

public sealed class GenerationParametersTests
{
    private const string FromTheWebUi = """
        masterpiece, <lora:Moxin_10:1>, 1girl
        second line
        Negative prompt: (worst quality:2), text
        and more
        Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 1234567890123, Size: 512x768, Model hash: 4199bcdd14, Model: rev, Lora hashes: "Moxin_10: f9c7, b: 00", Version: v1.6.0
        """;

    [Fact]
    public void A_text_of_the_web_UI_is_taken_apart_and_put_together_again()
    {
        var parameters = GenerationParameters.Parse(FromTheWebUi);
        Assert.Equal("masterpiece, <lora:Moxin_10:1>, 1girl\nsecond line", parameters.Prompt);
        Assert.Equal("(worst quality:2), text\nand more", parameters.NegativePrompt);
        Assert.Equal(["20", "DPM++ 2M Karras", "7.5", "1234567890123", "512x768", "4199bcdd14", "rev", "Moxin_10: f9c7, b: 00", "v1.6.0"],
            parameters.Settings.Select(setting => setting.Value));
        Assert.Equal("7.5", parameters["cfg scale"]);
        Assert.Null(parameters["Clip skip"]);
        Assert.Equal(FromTheWebUi.ReplaceLineEndings("\n"), parameters.ToString());
    }

    [Theory]
    [InlineData("a rabbit", "a rabbit", "")]
    [InlineData("a rabbit, scale: 2", "a rabbit, scale: 2", "")]
    [InlineData("", "", "")]
    [InlineData("x\nNegative prompt: y", "x", "y")]
    public void A_text_without_settings_is_a_prompt(string text, string prompt, string negative)
    {
        var parameters = GenerationParameters.Parse(text);
        Assert.Equal((prompt, negative, 0), (parameters.Prompt, parameters.NegativePrompt, parameters.Settings.Count));
    }

    [Theory]
    [InlineData("plain Latin: é", "tEXt")]
    [InlineData("墨心, a rabbit 🐇", "iTXt")]
    public void A_PNG_keeps_the_text_in_the_part_that_Pillow_would_take(string text, string part)
    {
        var png = new RgbImage(2, 2).ToPng(new Dictionary<string, string> { ["parameters"] = text });
        Assert.Contains(part, Encoding.Latin1.GetString(png));
        Assert.Equal(text, PngText.Read(png, "x")["parameters"]);
        Assert.Equal(2, RgbImage.Decode(png, "x").Width);
    }

    [Fact]
    public void A_picture_without_settings_has_none()
    {
        Assert.Empty(PngText.Read(new RgbImage(2, 2).ToPng(), "x"));
        Assert.Contains("PNG", Assert.Throws<BadInputException>(() => PngText.Read("no picture"u8, "x.txt")).Message);
    }

    [Fact]
    public void Damaged_parts_and_texts_without_end_are_refused()
    {
        var png = new RgbImage(2, 2).ToPng(new Dictionary<string, string> { ["parameters"] = "text" });
        png[45] ^= 1;
        Assert.Contains("checksum", Assert.Throws<BadInputException>(() => PngText.Read(png, "x")).Message);
        Assert.Contains("cut off",
            Assert.Throws<BadInputException>(() => PngText.Read(new RgbImage(2, 2).ToPng().AsSpan()[..40], "x")).Message);

        using var packed = new MemoryStream();
        using (var packer = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            packer.Write(new byte[PngText.MaxBytes + 1]);
        Assert.Contains("unpacks",
            Assert.Throws<BadInputException>(() => PngText.Read(WithPart("zTXt", [.. "k"u8, 0, 0, .. packed.ToArray()]), "x")).Message);
        Assert.Contains("zTXt", Assert.Throws<BadInputException>(() => PngText.Read(WithPart("zTXt", [.. "no end"u8]), "x")).Message);
    }

    private static byte[] WithPart(string type, byte[] body)
    {
        var png = new RgbImage(2, 2).ToPng();
        byte[] typed = [.. Encoding.Latin1.GetBytes(type), .. body];
        var crc = ~0u;
        foreach (var b in typed)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }

        return [.. png[..33], .. BigEndian((uint)body.Length), .. typed, .. BigEndian(~crc), .. png[33..]];

        static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
    }
}
