using System.Buffers.Binary;
using NotebookKit.Images;

namespace NotebookKit.Tests.Images;

/// <summary>BMP and GIF come through the same door as the others.</summary>
public sealed class BmpAndGifTests
{
    // 2×1: red, blue; black and white, of which the second colour is drawn.
    private static readonly byte[] Bmp = MakeBmp(2, 1, [0, 0, 255, 255, 0, 0, 0, 0]);
    private static readonly byte[] Gif = [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255,
        0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 0x01, 0, 0x3B];

    [Fact]
    public void A_BMP_and_a_GIF_are_read()
    {
        Assert.Equal([255, 0, 0, 0, 0, 255], RgbImage.Decode(Bmp, "a.bmp").Pixels);
        Assert.Equal([255, 255, 255], RgbImage.Decode(Gif, "a.gif").Pixels);
    }

    [Fact]
    public void A_file_that_is_cut_off_is_refused()
    {
        for (var kept = 30; kept < Bmp.Length; kept++)
            Assert.Contains("is damaged", Refusal(Bmp[..kept]));
        for (var kept = 6; kept < Gif.Length; kept++)
            Assert.Contains("is damaged", Refusal(Gif[..kept]));
    }

    [Fact]
    public void A_small_file_that_claims_a_huge_picture_is_refused_before_memory_is_taken()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("million", Refusal(MakeBmp(60_000, 60_000, [])));
        Assert.Contains("cut off", Refusal(MakeBmp(5_000, 5_000, [])));
        var huge = Gif.ToArray();
        huge.AsSpan(6, 4).Fill(0xFF);
        Assert.Contains("million", Refusal(huge));
        BinaryPrimitives.WriteUInt16LittleEndian(huge.AsSpan(6), 9_000);
        BinaryPrimitives.WriteUInt16LittleEndian(huge.AsSpan(8), 9_000);
        Assert.Contains("ends too early", Refusal(huge));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void A_flipped_byte_never_brings_another_exception()
    {
        foreach (var file in new[] { Bmp, Gif })
        {
            for (var at = 6; at < file.Length; at++)
            {
                var broken = file.ToArray();
                broken[at] ^= 0xFF;
                try
                {
                    RgbImage.Decode(broken, "broken");
                }
                catch (BadInputException)
                {
                }
            }
        }
    }

    private static string Refusal(byte[] bytes) => Assert.Throws<BadInputException>(() => RgbImage.Decode(bytes, "picture")).Message;

    private static byte[] MakeBmp(int width, int height, byte[] rows)
    {
        var bytes = new byte[54 + rows.Length];
        "BM"u8.CopyTo(bytes);
        foreach (var (at, value) in new[] { (2, bytes.Length), (10, 54), (14, 40), (18, width), (22, height), (26, 1 | (24 << 16)) })
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
        rows.CopyTo(bytes, 54);
        return bytes;
    }
}
