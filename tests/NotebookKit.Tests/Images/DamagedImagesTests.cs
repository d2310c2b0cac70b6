using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using NotebookKit.Images;

namespace NotebookKit.Tests.Images;

public sealed class DamagedImagesTests
{
    private static readonly byte[] PngBytes = File.ReadAllBytes(House.Golden("images", "src", "rgba.png"));
    private static readonly byte[] Jpeg = File.ReadAllBytes(House.Golden("images", "src", "landscape.jpg"));
    private static readonly byte[] Progressive = File.ReadAllBytes(House.Golden("images", "src", "landscape420.jpg"));
    private static readonly byte[] Webp = File.ReadAllBytes(House.Golden("images", "src", "webp.webp"));

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public void A_file_that_is_cut_off_is_refused(double kept)
    {
        foreach (var file in new[] { PngBytes, Jpeg, Progressive, Webp })
            Assert.Contains("is damaged", Refusal(file[..(int)(file.Length * kept)]));
        Assert.Contains("cut off", Refusal(PngBytes[..^1]));
        Assert.Contains("cut off", Refusal(Jpeg[..^2]));
        Assert.Contains("cut off", Refusal(Webp[..^1]));
    }

    [Fact]
    public void A_wrong_checksum_is_refused()
    {
        var broken = PngBytes.ToArray();
        broken[100] ^= 1;
        Assert.Contains("checksum of its IDAT", Refusal(broken));
    }

    [Fact]
    public void A_small_file_that_claims_a_huge_picture_is_refused_before_memory_is_taken()
    {
        foreach (var (width, height) in new[] { (60_000, 60_000), (int.MaxValue, int.MaxValue), (int.MaxValue, 1) })
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Contains("million", Refusal(Png(width, height, 8, 2, [])));
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
        }

        // Its rows are missing: an allowed size, but nothing behind it.
        Assert.Contains("ends too early", Refusal(Png(500, 500, 8, 2, new byte[100])));
        Assert.Contains("is damaged", Refusal(Png(0, 5, 8, 2, [])));
    }

    [Theory]
    [InlineData(3, 2)] // RGB of 3 bits
    [InlineData(16, 3)] // a palette of 65,536
    [InlineData(8, 5)]
    public void A_kind_of_PNG_that_does_not_exist_is_refused(int depth, int colorType) =>
        Assert.Contains("is damaged", Refusal(Png(4, 4, depth, colorType, new byte[200], ("PLTE", [1, 2, 3]))));

    [Fact]
    public void A_pixel_outside_the_palette_is_black()
    {
        Assert.Equal([1, 2, 3, 0, 0, 0], RgbImage.Decode(Png(2, 1, 8, 3, [0, 0, 9], ("PLTE", [1, 2, 3])), "palette").Pixels);
        Assert.Equal([1, 2, 3, 0, 0, 0],
            RgbImage.Decode(Png(2, 1, 4, 3, [0, 0x0F], ("PLTE", [1, 2, 3]), ("tRNS", [255])), "palette").Pixels);
        Assert.Contains("palette", Refusal(Png(1, 1, 8, 3, [0, 0])));
        Assert.Contains("palette", Refusal(Png(1, 1, 8, 3, [0, 0], ("PLTE", [1, 2]))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Rows_that_are_missing_from_a_whole_file_are_missed(byte interlace)
    {
        var rows = new byte[500 * 501 + 3000];
        new Random(1).NextBytes(rows);
        for (var i = 0; i < rows.Length; i++)
            rows[i] &= 1; // every filter byte is one that exists
        var needed = interlace == 0 ? 500 * 501 : 500 * 500 + 63 + 63 + 62 + 125 + 125 + 250 + 250;
        Assert.Equal(500, RgbImage.Decode(Png(500, 500, 8, 0, interlace, rows[..needed]), "whole").Width);
        Assert.Contains("ends too early", Refusal(Png(500, 500, 8, 0, interlace, rows[..(needed - 1)])));
    }

    [Fact]
    public void A_text_that_unpacks_without_end_costs_nothing()
    {
        var packed = new MemoryStream();
        using (var packer = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var megabyte = 0; megabyte < 200; megabyte++)
                packer.Write(new byte[1 << 20]);
        }

        var bomb = Png(2, 1, 8, 0, [0, 7, 8], ("zTXt", [.. "parameters"u8, 0, 0, .. packed.ToArray()]));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal([7, 7, 7, 8, 8, 8], RgbImage.Decode(bomb, "bomb").Pixels);
        Assert.Contains("unpacks to more", Assert.Throws<BadInputException>(() => PngText.Read(bomb, "bomb")).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 40_000_000);
    }

    [Fact]
    public void What_follows_the_end_of_a_picture_is_not_looked_at()
    {
        // Phones put a film or a second picture there.
        foreach (var file in new[] { PngBytes, Jpeg, Progressive, Webp })
            Assert.Equal(RgbImage.Decode(file, "plain").Pixels, RgbImage.Decode([.. file, .. "MotionPhoto"u8], "longer").Pixels);
    }

    [Fact]
    public void A_WebP_whose_parts_disagree_on_its_size_is_refused()
    {
        byte[] extended = [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, .. Webp[12..]];
        BinaryPrimitives.WriteInt32LittleEndian(extended.AsSpan(4), extended.Length - 8);
        Assert.Contains("disagree", Refusal(extended));
        extended[20] = 2;
        Assert.Contains("animated", Refusal(extended));
    }

    [Fact]
    public void What_is_no_picture_is_named_with_the_remedy()
    {
        Assert.Equal("photo.jpg holds text, not a picture; give a PNG, JPEG or WebP file.",
            Refusal(Encoding.UTF8.GetBytes("Liebe Grüße aus dem Urlaub\n"), "photo.jpg"));
        Assert.Equal("photo.jpg is empty; give a PNG, JPEG or WebP file.", Refusal([], "photo.jpg"));
        Assert.Contains("cut off", Refusal("GIF89a"u8.ToArray()));
        Assert.Contains("is a HEIC picture", Refusal([0, 0, 0, 24, .. "ftypheic"u8, 0, 0]));
        Assert.Contains("is no picture", Refusal([1, 2, 3]));
        Assert.Contains("no/such.png", Assert.Throws<BadInputException>(() => RgbImage.Load("no/such.png")).Message);
    }

    private static string Refusal(byte[] bytes, string name = "photo") =>
        Assert.Throws<BadInputException>(() => RgbImage.Decode(bytes, name)).Message;

    /// <summary>A PNG by hand: header, further parts, rows (filter byte included), end.</summary>
    internal static byte[] Png(int width, int height, int depth, int colorType, byte[] rows, params (string Type, byte[] Body)[] parts) =>
        Png(width, height, depth, colorType, interlace: 0, rows, parts);

    internal static byte[] Png(int width, int height, int depth, int colorType, byte interlace, byte[] rows,
        params (string Type, byte[] Body)[] parts)
    {
        var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colorType, interlace);
        var packed = new MemoryStream();
        using (var packer = new ZLibStream(packed, CompressionLevel.Fastest))
            packer.Write(rows);
        foreach (var (type, body) in parts.Prepend(("IHDR", header)).Append(("IDAT", packed.ToArray())).Append(("IEND", [])))
        {
            byte[] typed = [.. Encoding.ASCII.GetBytes(type), .. body];
            var number = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
            file.Write(number);
            file.Write(typed);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc(typed));
            file.Write(number);
        }

        return file.ToArray();
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }

        return ~crc;
    }
}
