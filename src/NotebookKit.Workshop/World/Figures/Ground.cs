using NotebookKit.Workshop.World.Drawing;

namespace NotebookKit.Workshop.World.Figures;

/// <summary>The surroundings. Each has marks of its own at the sides and above, where a big figure leaves room.</summary>
internal static class Ground
{
    public static void Draw(Sheet sheet, Background background, ulong seed)
    {
        var random = new WorldRandom(seed, 1);
        sheet.Frame(0, 0, 1, mirrored: random.Chance(0.5f), figure: false);
        var horizon = random.Range(0.10f, 0.26f);
        switch (background)
        {
            case Background.Studio:
                Studio(sheet, random);
                break;
            case Background.Grass:
                Grass(sheet, random, horizon);
                break;
            case Background.Beach:
                Beach(sheet, random, horizon);
                break;
            case Background.Snow:
                Snow(sheet, random, horizon);
                break;
            case Background.Street:
                Street(sheet, random, horizon + 0.16f);
                break;
            case Background.Bedroom:
                Bedroom(sheet, random, horizon + 0.20f);
                break;
            case Background.Night:
                Wilds.Night(sheet, random, horizon);
                break;
            case Background.Forest:
                Wilds.Forest(sheet, random, horizon);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(background), background, "no such background");
        }
    }

    private static void Studio(Sheet sheet, WorldRandom random)
    {
        Rgb[] drops =
        [
            new(0.80f, 0.83f, 0.90f), new(0.93f, 0.83f, 0.80f), new(0.80f, 0.90f, 0.82f), new(0.92f, 0.88f, 0.76f),
            new(0.86f, 0.80f, 0.92f), new(0.86f, 0.86f, 0.86f),
        ];
        var drop = random.Pick(drops);
        Fill(sheet, -1, 1, drop.Mix(Rgb.White, 0.45f), drop * 0.92f);
    }

    private static void Grass(Sheet sheet, WorldRandom random, float horizon)
    {
        Fill(sheet, -1, horizon + 0.1f, Palette.SkyTop, Palette.SkyLow);
        Cloud(sheet, random.Range(-0.75f, -0.45f), random.Range(-0.80f, -0.60f), 0.20f);
        Cloud(sheet, random.Range(0.45f, 0.80f), random.Range(-0.78f, -0.50f), 0.17f);
        sheet.Ellipse(-0.62f, horizon + 0.22f, 0.85f, 0.46f, new Paint(new Rgb(0.38f, 0.66f, 0.34f), Shade: 0.15f));
        sheet.Ellipse(0.70f, horizon + 0.25f, 0.80f, 0.40f, new Paint(new Rgb(0.44f, 0.70f, 0.34f), Shade: 0.15f));
        Fill(sheet, horizon, 1, new Rgb(0.60f, 0.82f, 0.32f), new Rgb(0.36f, 0.62f, 0.18f));
    }

    private static void Beach(Sheet sheet, WorldRandom random, float horizon)
    {
        Fill(sheet, -1, horizon, new Rgb(0.40f, 0.74f, 0.97f), new Rgb(0.86f, 0.95f, 0.99f));
        var sun = (X: random.Range(-0.75f, -0.55f), Y: random.Range(-0.75f, -0.55f));
        sheet.Circle(sun.X, sun.Y, 0.34f, new Paint(new Rgb(1, 0.95f, 0.6f), Opacity: 0.7f, Soft: true));
        sheet.Circle(sun.X, sun.Y, 0.16f, Paint.Flat(new Rgb(1.00f, 0.90f, 0.30f)));
        Fill(sheet, horizon, horizon + 0.26f, new Rgb(0.06f, 0.40f, 0.72f), new Rgb(0.16f, 0.62f, 0.82f));
        var boat = random.Range(0.58f, 0.72f);
        sheet.Polygon(Paint.Flat(new Rgb(0.99f, 0.99f, 0.98f)), 0, (boat, horizon - 0.38f), (boat + 0.24f, horizon - 0.02f),
            (boat, horizon - 0.02f));
        sheet.Box(0, horizon + 0.27f, 1.1f, 0.035f, 0, Paint.Mark(new Rgb(0.93f, 0.98f, 1)));
        Fill(sheet, horizon + 0.29f, 1, new Rgb(0.99f, 0.89f, 0.63f), new Rgb(0.90f, 0.73f, 0.42f));
    }

    private static void Snow(Sheet sheet, WorldRandom random, float horizon)
    {
        Fill(sheet, -1, horizon + 0.1f, new Rgb(0.56f, 0.67f, 0.80f), new Rgb(0.84f, 0.90f, 0.96f));
        float[] lots = [-0.82f, -0.34f, 0.36f, 0.84f];
        foreach (var lot in lots)
            Fir(sheet, lot + random.Range(-0.04f, 0.04f), horizon + 0.10f, random.Range(0.74f, 0.86f));
        sheet.Ellipse(-0.5f, horizon + 0.35f, 0.95f, 0.34f, new Paint(new Rgb(0.93f, 0.96f, 1), Shade: 0.1f));
        Fill(sheet, horizon + 0.12f, 1, new Rgb(0.97f, 0.98f, 1.00f), new Rgb(0.76f, 0.83f, 0.94f));
    }

    private static void Street(Sheet sheet, WorldRandom random, float horizon)
    {
        Fill(sheet, -1, horizon, new Rgb(0.66f, 0.77f, 0.88f), new Rgb(0.88f, 0.90f, 0.92f));
        Rgb[] fronts = [new(0.70f, 0.36f, 0.28f), new(0.62f, 0.60f, 0.62f), new(0.80f, 0.62f, 0.44f), new(0.56f, 0.44f, 0.42f)];
        var first = random.Below(fronts.Length);
        for (var i = 0; i < 4; i++)
            Facade(sheet, -0.76f + 0.51f * i, horizon, 0.25f, i is 0 or 3 ? random.Range(1.00f, 1.12f) : random.Range(0.66f, 0.74f),
                fronts[(first + i) % fronts.Length]);

        Fill(sheet, horizon, horizon + 0.12f, new Rgb(0.74f, 0.74f, 0.75f), new Rgb(0.66f, 0.66f, 0.68f));
        Fill(sheet, horizon + 0.12f, 1, new Rgb(0.38f, 0.39f, 0.43f), new Rgb(0.27f, 0.28f, 0.32f));
        var dash = random.Range(-0.12f, 0.12f);
        for (var i = -2; i <= 2; i++)
            sheet.Box(dash + i * 0.5f, 0.80f, 0.16f, 0.045f, 0.01f, Paint.Mark(new Rgb(0.98f, 0.92f, 0.62f)));
    }

    private static void Bedroom(Sheet sheet, WorldRandom random, float horizon)
    {
        Rgb[] walls = [new(0.97f, 0.88f, 0.76f), new(0.98f, 0.84f, 0.82f), new(0.86f, 0.92f, 0.84f), new(0.88f, 0.88f, 0.97f)];
        var wall = random.Pick(walls);
        Fill(sheet, -1, horizon, wall, wall * 0.94f);
        var window = random.Range(-0.70f, -0.58f);
        var frame = Rgb.White;
        sheet.Box(window, -0.48f, 0.29f, 0.36f, 0.02f, Paint.Flat(frame));
        sheet.Box(window, -0.48f, 0.24f, 0.31f, 0, Paint.Mark(new Rgb(0.55f, 0.80f, 0.97f)) with { Bottom = new Rgb(0.86f, 0.95f, 1) });
        sheet.Box(window, -0.48f, 0.040f, 0.31f, 0, Paint.Mark(frame));
        sheet.Box(window, -0.48f, 0.24f, 0.040f, 0, Paint.Mark(frame));
        Fill(sheet, horizon, 1, new Rgb(0.76f, 0.50f, 0.28f), new Rgb(0.60f, 0.36f, 0.18f));
        Rgb[] covers = [new(0.33f, 0.50f, 0.80f), new(0.76f, 0.36f, 0.44f), new(0.45f, 0.62f, 0.45f)];
        var bed = random.Range(0.72f, 0.84f);
        sheet.Box(bed + 0.30f, horizon - 0.22f, 0.09f, 0.40f, 0.05f, new Paint(new Rgb(0.52f, 0.32f, 0.16f), Shade: 0.2f));
        sheet.Box(bed, horizon - 0.02f, 0.45f, 0.20f, 0.07f, new Paint(random.Pick(covers), Shade: 0.25f));
        sheet.Box(bed + 0.05f, horizon - 0.23f, 0.20f, 0.09f, 0.07f, new Paint(new Rgb(0.97f, 0.97f, 0.97f), Shade: 0.25f));
    }

    /// <summary>A band from edge to edge, its colour running from above to below.</summary>
    public static void Fill(Sheet sheet, float top, float bottom, Rgb above, Rgb below) =>
        sheet.Box(0, (top + bottom) / 2, 1.2f, (bottom - top) / 2 + (bottom >= 1 ? 0.1f : 0), 0, Paint.Gradient(above, below));

    private static void Cloud(Sheet sheet, float x, float y, float size)
    {
        var white = new Paint(new Rgb(0.99f, 0.99f, 1), Shade: 0, Opacity: 0.95f, Soft: true);
        sheet.Grouped(() =>
        {
            sheet.Ellipse(x - size * 0.7f, y + size * 0.1f, size * 1.0f, size * 0.60f, white);
            sheet.Ellipse(x + size * 0.7f, y + size * 0.1f, size * 1.0f, size * 0.60f, white);
            sheet.Ellipse(x, y - size * 0.1f, size * 1.1f, size * 0.80f, white);
        });
    }

    private static void Fir(Sheet sheet, float x, float foot, float height)
    {
        var green = Paint.Flat(new Rgb(0.13f, 0.40f, 0.30f));
        sheet.Box(x, foot - 0.03f, 0.035f, 0.07f, 0, Paint.Flat(new Rgb(0.35f, 0.22f, 0.13f)));
        for (var i = 0; i < 3; i++)
        {
            var (y, w) = (foot - 0.06f - i * height * 0.26f, height * (0.34f - i * 0.075f));
            sheet.Polygon(green, 0, (x - w, y), (x, y - height * 0.42f), (x + w, y));
            if (i == 2)
                sheet.Polygon(Paint.Mark(new Rgb(0.97f, 0.98f, 1)), 0, (x - w * 0.55f, y - height * 0.19f), (x, y - height * 0.42f),
                    (x + w * 0.55f, y - height * 0.19f));
        }
    }

    private static void Facade(Sheet sheet, float x, float foot, float half, float height, Rgb color)
    {
        sheet.Box(x, foot - height / 2, half, height / 2 + 0.01f, 0, Paint.Flat(color));
        // Few and large windows, at fixed heights: what a small VAE can carry and a small model can expect.
        var lit = Paint.Mark(new Rgb(1.00f, 0.88f, 0.52f));
        for (var row = 1; row <= (int)((height - 0.14f) / 0.34f); row++)
            sheet.Box(x, foot - 0.06f - row * 0.34f + 0.10f, 0.115f, 0.095f, 0.02f, lit);
    }
}
