using NotebookKit.Images;

namespace NotebookKit.Tests.Images;

public sealed class ImageGridTests
{
    private static readonly RgbImage Red = Filled(64, 64, 255, 0, 0);

    [Fact]
    public void Pictures_stand_in_rows_and_columns_on_white()
    {
        var grid = ImageGrid.Render([Red, Red, Filled(64, 64, 0, 0, 255)], 2);
        Assert.Equal((4 + 2 * 68, 4 + 2 * 68), (grid.Width, grid.Height));
        Assert.Equal((255, 255, 255), At(grid, 0, 0));
        Assert.Equal((255, 0, 0), At(grid, 4, 4));
        Assert.Equal((255, 0, 0), At(grid, 72, 67));
        Assert.Equal((0, 0, 255), At(grid, 4, 72));
        Assert.Equal((255, 255, 255), At(grid, 80, 80)); // the fourth cell stays empty
    }

    [Fact]
    public void A_cell_enlarges_its_picture_and_keeps_its_shape()
    {
        var grid = ImageGrid.Render([Filled(64, 32, 255, 0, 0), Red], 2, cell: 192);
        Assert.Equal(12 + 192 + 12, grid.Height);
        Assert.Equal((255, 0, 0), At(grid, 12, 12 + 48));
        Assert.Equal((255, 255, 255), At(grid, 12, 12 + 47));
    }

    [Fact]
    public void Captions_are_written_below_inside_their_cell()
    {
        var plain = ImageGrid.Render([Red], 1, cell: 192);
        var one = ImageGrid.Render([Red], 1, ["a photo"], cell: 192);
        var two = ImageGrid.Render([Red], 1, ["a photo of a zwx rabbit toy on the grass"], cell: 192);
        Assert.True(plain.Height < one.Height && one.Height < two.Height);
        Assert.True(Dark(one) > 50);
        Assert.True(Dark(two) > Dark(one));

        var endless = ImageGrid.Render([Red], 1, [string.Concat(Enumerable.Repeat("wordwithoutanyspace", 40))], cell: 192);
        Assert.Equal(two.Height + 2 * 17, endless.Height); // four lines at most
        for (var y = 0; y < endless.Height; y++)
            Assert.Equal((255, 255, 255), At(endless, endless.Width - 1, y));
    }

    [Fact]
    public void Rows_stand_below_their_titles()
    {
        var row = ImageGrid.Render([Red, Red, Red], 3);
        var rows = ImageGrid.Rows([("before", [Red, Red, Red]),
            ("after, with a title that is far too long for three small pictures", [Red, Red])]);
        var (title, width) = (rows.Height / 2 - row.Height, row.Width);
        Assert.Equal((width, 2 * (row.Height + title)), (rows.Width, rows.Height));
        Assert.Equal((255, 0, 0), At(rows, 4, title + 4));
        Assert.Equal((255, 0, 0), At(rows, 4, row.Height + title + title + 4));
        Assert.Equal((255, 255, 255), At(rows, 4 + 2 * 68, row.Height + title + title + 4)); // the second row has two
        Assert.True(Dark(rows) > 100);
        Assert.Throws<ArgumentException>(() => ImageGrid.Rows([]));
        Assert.Throws<ArgumentException>(() => ImageGrid.Rows([("none", [])]));
    }

    [Fact]
    public void Every_printable_character_has_ink()
    {
        for (var letter = '!'; letter <= '~'; letter++)
            Assert.True(Dark(ImageGrid.Render([Red], 1, [letter.ToString()], cell: 192)) > 0, letter.ToString());
        Assert.True(Dark(ImageGrid.Render([Red], 1, ["\u4f60"], cell: 192)) > 0);
    }

    [Fact]
    public void Each_picture_needs_its_caption()
    {
        Assert.Throws<ArgumentException>(() => ImageGrid.Render([Red, Red], 2, ["one"]));
        Assert.Throws<ArgumentException>(() => ImageGrid.Render([], 2));
        Assert.Throws<ArgumentException>(() => ImageGrid.Render([Red], 0));
        Assert.Equal(ImageGrid.Render([Red], 1).Height, ImageGrid.Render([Red], 1, [""]).Height);
    }

    private static int Dark(RgbImage image) =>
        Enumerable.Range(0, image.Width * image.Height).Count(i => image.Pixels[3 * i] < 100 && image.Pixels[3 * i + 2] < 120);

    private static (int, int, int) At(RgbImage image, int x, int y)
    {
        var at = 3 * (y * image.Width + x);
        return (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]);
    }

    private static RgbImage Filled(int width, int height, byte r, byte g, byte b)
    {
        var image = new RgbImage(width, height);
        for (var i = 0; i < image.Pixels.Length; i += 3)
            (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]) = (r, g, b);
        return image;
    }
}
