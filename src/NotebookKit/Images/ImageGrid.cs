namespace NotebookKit.Images;

/// <summary>Several pictures side by side on white, each with its caption below: what a learner compares.</summary>
public sealed class ImageGrid
{
    private const int MaxCaptionLines = 4;
    private static readonly (byte, byte, byte) Ink = (44, 44, 52);

    private readonly IReadOnlyList<RgbImage> _images;
    private readonly int _columns, _width, _height, _margin, _gap;
    private readonly float _scale;
    private readonly List<string>[] _captions;

    private ImageGrid(IReadOnlyList<RgbImage> images, int columns, IReadOnlyList<string>? captions, int cell)
    {
        this._images = cell > 0 ? [.. images.Select(image => Fit(image, cell))] : images;
        this._columns = Math.Min(columns, images.Count);
        _width = this._images.Max(image => image.Width);
        _height = this._images.Max(image => image.Height);
        _scale = Math.Clamp(_width / 192f, 0.8f, 2f);
        _margin = Math.Clamp(_width / 16, 4, 24);
        _gap = (int)(6 * _scale);
        this._captions = [.. Enumerable.Range(0, images.Count).Select(i => captions is null ? [] : Balance(captions[i], _width, _scale))];
    }

    /// <summary>Draws the grid, row by row from the top left.</summary>
    /// <param name="images">The pictures, of any sizes; a smaller one is centred in its cell.</param>
    /// <param name="columns">Pictures a row.</param>
    /// <param name="captions">One text a picture, wrapped to the cell's width, at most four lines.</param>
    /// <param name="cell">Pixels a side that each picture is enlarged (or shrunk) to fit by bicubic; 0 keeps the sizes.</param>
    /// <exception cref="ArgumentException">There are no pictures or columns, or not one caption a picture.</exception>
    public static RgbImage Render(IReadOnlyList<RgbImage> images, int columns, IReadOnlyList<string>? captions = null, int cell = 0)
    {
        if (images.Count == 0)
            throw new ArgumentException("A grid needs at least one picture.", nameof(images));
        if (columns < 1 || cell < 0)
            throw new ArgumentException($"A grid cannot have {columns} columns of cells of {cell} pixels.", nameof(columns));
        if (captions is not null && captions.Count != images.Count)
            throw new ArgumentException($"{images.Count} pictures cannot have {captions.Count} captions.", nameof(captions));
        return new ImageGrid(images, columns, captions, cell).Draw();
    }

    /// <summary>Draws rows of pictures, each below its title: what several models make of the same seeds.</summary>
    /// <param name="rows">A title and the pictures of each row; a title wider than its row is cut off.</param>
    /// <param name="cell">Pixels a side that each picture is enlarged (or shrunk) to fit by bicubic; 0 keeps the sizes.</param>
    /// <exception cref="ArgumentException">There is no row, or one without pictures.</exception>
    public static RgbImage Rows(IEnumerable<(string Title, IReadOnlyList<RgbImage> Pictures)> rows, int cell = 0)
    {
        var given = rows.ToList();
        if (given.Count == 0 || given.Exists(row => row.Pictures.Count == 0))
            throw new ArgumentException("A grid needs at least one row, and each row at least one picture.", nameof(rows));
        var drawn = given.Select(row => (row.Title, Grid: new ImageGrid(row.Pictures, row.Pictures.Count, null, cell))).ToList();
        var pictures = drawn.Select(row => row.Grid.Draw()).ToList();
        // A title stands in a line of its own; a row's lower margin parts it from the next title.
        var lines = drawn.Select(row => (int)MathF.Ceiling(StrokeFont.LineHeight * row.Grid._scale) + row.Grid._gap).ToList();
        var canvas = new RgbImage(pictures.Max(picture => picture.Width), pictures.Sum(picture => picture.Height) + lines.Sum());
        Array.Fill(canvas.Pixels, (byte)255);
        var top = 0;
        for (var row = 0; row < pictures.Count; row++)
        {
            var (title, grid) = drawn[row];
            canvas.Paste(pictures[row], 0, top + lines[row]);
            StrokeFont.Draw(canvas, Shorten(title, pictures[row].Width - (2 * grid._margin), grid._scale), grid._margin,
                MathF.Round(top + grid._gap + (StrokeFont.Ascent * grid._scale)), grid._scale, Ink);
            top += pictures[row].Height + lines[row];
        }

        return canvas;
    }

    private RgbImage Draw()
    {
        var rows = (_images.Count + _columns - 1) / _columns;
        var tops = new int[rows + 1];
        tops[0] = _margin;
        for (var row = 0; row < rows; row++)
        {
            var lines = Enumerable.Range(row * _columns, Math.Min(_columns, _images.Count - row * _columns)).Max(i => _captions[i].Count);
            var text = lines == 0 ? 0 : _gap + (int)MathF.Ceiling(lines * StrokeFont.LineHeight * _scale);
            tops[row + 1] = tops[row] + _height + text + _margin;
        }

        var canvas = new RgbImage(_margin + _columns * (_width + _margin), tops[rows]);
        Array.Fill(canvas.Pixels, (byte)255);
        for (var i = 0; i < _images.Count; i++)
        {
            int left = _margin + i % _columns * (_width + _margin), top = tops[i / _columns];
            canvas.Paste(_images[i], left + (_width - _images[i].Width) / 2, top + (_height - _images[i].Height) / 2);
            for (var line = 0; line < _captions[i].Count; line++)
            {
                // Whole pixels keep the upright strokes sharp.
                var indent = MathF.Floor((_width - StrokeFont.Measure(_captions[i][line], _scale)) / 2);
                var baseline = MathF.Round(top + _height + _gap + (line * StrokeFont.LineHeight + StrokeFont.Ascent) * _scale);
                StrokeFont.Draw(canvas, _captions[i][line], left + Math.Max(indent, 0), baseline, _scale, Ink);
            }
        }

        return canvas;
    }

    private static RgbImage Fit(RgbImage image, int cell)
    {
        var factor = (double)cell / Math.Max(image.Width, image.Height);
        return image.Resize(Math.Max(1, (int)Math.Round(image.Width * factor)), Math.Max(1, (int)Math.Round(image.Height * factor)),
            ResampleFilter.Bicubic);
    }

    /// <summary>As few lines as the cell allows, then as even as they can be, so that no line holds one lone word.</summary>
    private static List<string> Balance(string caption, float width, float scale)
    {
        var lines = Wrap(caption, width, scale);
        for (var narrower = width - 4; lines.Count > 1 && narrower > width / 2; narrower -= 4)
        {
            var even = Wrap(caption, narrower, scale);
            if (even.Count > lines.Count || Words(even) != Words(lines) || even[^1].EndsWith('…'))
                break;
            lines = even;
        }

        return lines;

        static int Words(List<string> lines) => lines.Sum(line => line.Split(' ').Length); // more, where one was cut
    }

    private static List<string> Wrap(string caption, float width, float scale)
    {
        var lines = new List<string>();
        foreach (var paragraph in caption.ReplaceLineEndings("\n").Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var longer = line.Length == 0 ? word : $"{line} {word}";
                if (StrokeFont.Measure(longer, scale) <= width)
                {
                    line = longer;
                    continue;
                }

                if (line.Length > 0)
                    lines.Add(line);
                line = word;
                while (line.Length > 1 && lines.Count <= MaxCaptionLines
                    && StrokeFont.Measure(line, scale) > width) // one word wider than the cell
                {
                    var fits = 1;
                    while (fits < line.Length - 1 && StrokeFont.Measure(line[..(fits + 1)], scale) <= width)
                        fits++;
                    lines.Add(line[..fits]);
                    line = line[fits..];
                }
            }

            lines.Add(line);
        }

        while (lines.Count > 0 && lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        if (lines.Count > MaxCaptionLines)
        {
            lines.RemoveRange(MaxCaptionLines, lines.Count - MaxCaptionLines);
            lines[^1] = Shorten(lines[^1] + "…", width, scale);
        }

        return lines;
    }

    private static string Shorten(string text, float width, float scale)
    {
        if (StrokeFont.Measure(text, scale) <= width)
            return text;
        text = text.TrimEnd('…');
        while (text.Length > 0 && StrokeFont.Measure(text + "…", scale) > width)
            text = text[..^1];
        return text.TrimEnd() + "…";
    }
}
