using NotebookKit.Images;

namespace NotebookKit.Tests.Images;

public sealed class RgbImageTests
{
    [Fact]
    public void Transparency_is_flattened_on_white()
    {
        byte[] rows = [0, 200, 100, 0, 0, 200, 100, 0, 255, 200, 100, 0, 128];
        var image = RgbImage.Decode(DamagedImagesTests.Png(3, 1, 8, 6, rows), "rgba");
        Assert.Equal([255, 255, 255, 200, 100, 0, 227, 177, 127], image.Pixels);
        Assert.Equal([200, 100, 0, 200, 100, 0, 200, 100, 0],
            RgbImage.Decode(DamagedImagesTests.Png(3, 1, 8, 6, rows), "rgba", AlphaRule.Drop).Pixels);
        // One colour of an RGB picture or one entry of a palette stands for "transparent"; of 16 bits, ImageSharp knows none.
        Assert.Equal([255, 255, 255, 1, 2, 4],
            RgbImage.Decode(DamagedImagesTests.Png(2, 1, 8, 2, [0, 1, 2, 3, 1, 2, 4], ("tRNS", [0, 1, 0, 2, 0, 3])), "rgb").Pixels);
        Assert.Equal([9, 9, 9, 255, 255, 255],
            RgbImage.Decode(DamagedImagesTests.Png(2, 1, 8, 3, [0, 0, 1], ("PLTE", [9, 9, 9, 5, 5, 5]), ("tRNS", [255, 0])),
                "palette").Pixels);
        Assert.Equal([18, 18, 18, 18, 18, 18],
            RgbImage.Decode(DamagedImagesTests.Png(2, 1, 16, 0, [0, 0x12, 0x34, 0x12, 0x35], ("tRNS", [0x12, 0x34])), "gray").Pixels);
    }

    [Fact]
    public void A_jpeg_keeps_shape_and_nearly_every_colour_in_a_fraction_of_the_bytes()
    {
        var image = new RgbImage(200, 120);
        for (var i = 0; i < image.Width * image.Height; i++)
            (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = ((byte)(i % 200), (byte)(i / 200 * 2),
                (byte)(128 + (60 * Math.Sin(i % 200 / 9.0))));
        var (fine, coarse) = (image.ToJpeg(), image.ToJpeg(20));
        Assert.True(coarse.Length < fine.Length && fine.Length < image.Pixels.Length / 5,
            $"{coarse.Length}, {fine.Length} of {image.Pixels.Length}");
        var back = RgbImage.Decode(fine, "jpeg");
        Assert.Equal((200, 120), (back.Width, back.Height));
        Assert.InRange(back.Pixels.Zip(image.Pixels, (a, b) => Math.Abs(a - b)).Average(), 0, 2);
        Assert.Throws<BadInputException>(() => image.ToJpeg(0));
        Assert.Throws<BadInputException>(() => new RgbImage(70_000, 1).ToJpeg());
    }

    [Theory]
    [InlineData(1, new byte[] { 0, 0b01000000 }, new[] { 0, 255 })]
    [InlineData(2, new byte[] { 0, 0b01100000 }, new[] { 85, 170 })]
    [InlineData(4, new byte[] { 0, 0x1F }, new[] { 17, 255 })]
    [InlineData(8, new byte[] { 0, 7, 250 }, new[] { 7, 250 })]
    [InlineData(16, new byte[] { 0, 7, 255, 250, 1 }, new[] { 8, 249 })]
    public void Grey_of_any_depth_becomes_8_bits(int depth, byte[] rows, int[] expected)
    {
        var image = RgbImage.Decode(DamagedImagesTests.Png(2, 1, depth, 0, rows), "gray");
        Assert.Equal(expected.SelectMany(v => new[] { (byte)v, (byte)v, (byte)v }), image.Pixels);
    }

    [Fact]
    public void An_interlaced_picture_is_put_together()
    {
        // 5×2 grey: pass 1 has (0,0), pass 2 (4,0), pass 4 (2,0), pass 6 (1,0) and (3,0), pass 7 the second row; 3 and 5 are empty.
        byte[] rows = [0, 10, 0, 50, 0, 30, 0, 20, 40, 0, 60, 70, 80, 90, 100];
        var image = RgbImage.Decode(DamagedImagesTests.Png(5, 2, 8, 0, 1, rows), "interlaced");
        Assert.Equal([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], image.Pixels.Where((_, i) => i % 3 == 0));
        Assert.Contains("without interlacing",
            Assert.Throws<BadInputException>(() =>
                RgbImage.Decode(DamagedImagesTests.Png(3, 2, 8, 0, 1, [0, 10, 0, 30, 0, 20, 0, 40, 50, 60]), "narrow")).Message);
    }

    [Fact]
    public void A_PNG_is_turned_by_its_EXIF_part_and_a_broken_part_is_ignored()
    {
        byte[] turnRight = [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        byte[] rows = [0, 10, 20, 0, 30, 40, 0, 50, 60]; // 2×3
        var turned = RgbImage.Decode(DamagedImagesTests.Png(2, 3, 8, 0, rows, ("eXIf", turnRight)), "exif");
        Assert.Equal((3, 2), (turned.Width, turned.Height));
        Assert.Equal([50, 30, 10, 60, 40, 20], turned.Pixels.Where((_, i) => i % 3 == 0));
        foreach (var broken in new[] { turnRight[..4], turnRight[..15], [.. turnRight[..18], 0, 99, .. turnRight[20..]] })
            Assert.Equal(2, RgbImage.Decode(DamagedImagesTests.Png(2, 3, 8, 0, rows, ("eXIf", broken)), "exif").Width);
    }

    [Fact]
    public void A_WebP_is_turned_by_its_EXIF_chunk()
    {
        byte[] turnRight = [.. "Exif\0\0II"u8, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
        var webp = File.ReadAllBytes(House.Golden("images", "src", "webp.webp"));
        byte[] turnable = [.. webp, .. "EXIF"u8, (byte)turnRight.Length, 0, 0, 0, .. turnRight];
        BitConverter.TryWriteBytes(turnable.AsSpan(4), turnable.Length - 8);
        var (plain, turned) = (RgbImage.Decode(webp, "plain"), RgbImage.Decode(turnable, "turned"));
        Assert.Equal((plain.Height, plain.Width), (turned.Width, turned.Height));
        Assert.Equal(plain.Pixels[..3], turned.Pixels[(3 * (turned.Width - 1))..(3 * turned.Width)]);
    }

    [Fact]
    public void What_is_written_twice_is_the_same_to_the_byte()
    {
        var photo = RgbImage.Load(House.Golden("images", "src", "portrait.png"));
        Assert.Equal(photo.ToPng(), photo.ToPng());
        Assert.Equal(photo.ToJpeg(), photo.ToJpeg());
    }

    [Fact]
    public void A_written_PNG_reads_back_the_same()
    {
        var random = new Random(1);
        foreach (var (width, height) in new[] { (1, 1), (7, 5), (64, 64), (257, 3) })
        {
            var image = new RgbImage(width, height);
            random.NextBytes(image.Pixels);
            for (var i = 0; i < image.Pixels.Length / 2; i++)
                image.Pixels[i] = (byte)(i / 5); // half smooth, so that every filter is chosen somewhere
            Assert.Equal(image.Pixels, RgbImage.Decode(image.ToPng(), "written").Pixels);
        }

        var photo = RgbImage.Load(House.Golden("images", "src", "portrait.png"));
        Assert.True(photo.ToPng().Length < 1.1 * new FileInfo(House.Golden("images", "src", "portrait.png")).Length);
    }

    [Fact]
    public void Saving_replaces_the_file_and_leaves_nothing_else()
    {
        var folder = Directory.CreateTempSubdirectory("kit-images-").FullName;
        try
        {
            var path = Path.Combine(folder, "a.png");
            File.WriteAllText(path, "old");
            var image = new RgbImage(2, 1, [1, 2, 3, 4, 5, 6]);
            image.SavePng(path);
            Assert.Equal(image.Pixels, RgbImage.Load(path).Pixels);
            Assert.Equal([path], Directory.GetFiles(folder));
            Assert.Throws<BadInputException>(() => image.SavePng(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_crop_must_lie_inside()
    {
        var image = new RgbImage(3, 2, [.. Enumerable.Range(0, 18).Select(i => (byte)i)]);
        Assert.Equal([12, 13, 14, 15, 16, 17], image.Crop(1, 1, 2, 1).Pixels);
        Assert.Throws<ArgumentOutOfRangeException>(() => image.Crop(2, 0, 2, 1));
        Assert.Throws<ArgumentException>(() => new RgbImage(2, 2, new byte[5]));
        Assert.Throws<ArgumentException>(() => new RgbImage(0, 2));
    }

    [Fact]
    public void Nearest_takes_whole_pixels()
    {
        var image = new RgbImage(2, 1, [1, 1, 1, 9, 9, 9]);
        Assert.Equal([1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9], image.Resize(4, 1, ResampleFilter.Nearest).Pixels);
    }

    [Fact]
    public void A_folder_lists_its_pictures_by_name()
    {
        var folder = Directory.CreateTempSubdirectory("kit-folder-").FullName;
        try
        {
            Assert.Contains("holds no pictures", Assert.Throws<BadInputException>(() => ImageFolder.List(folder)).Message);
            foreach (var name in new[] { "b.JPG", "a.png", "c.webp", "notes.txt", ".hidden.png" })
                File.WriteAllText(Path.Combine(folder, name), "");
            Assert.Equal(["a.png", "b.JPG", "c.webp"], ImageFolder.List(folder).Select(Path.GetFileName));
            Assert.Contains("is a file", Assert.Throws<BadInputException>(() => ImageFolder.List(Path.Combine(folder, "a.png"))).Message);
            Assert.Contains("There is no folder",
                Assert.Throws<BadInputException>(() => ImageFolder.List(Path.Combine(folder, "none"))).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
