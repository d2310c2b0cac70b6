using System.Diagnostics;
using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Workshop.World;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>
/// Grades a base model on captions that its training never used: the probe reads from each drawn picture what the caption
/// says, and the same from a rendered picture of the same scene.
/// </summary>
public static class Grader
{
    private const ulong HeldOutStream = 0x64AD3UL;

    /// <summary>Draws and grades.</summary>
    /// <param name="model">The model.</param>
    /// <param name="probe">The probe.</param>
    /// <param name="world">What the captions are about.</param>
    /// <param name="options">How many pictures, and how they are drawn.</param>
    /// <param name="report">Told how many pictures are drawn.</param>
    /// <param name="cancel">Stops.</param>
    public static Grade Run(StableDiffusion model, Probe probe, WorldPreset world, GradeOptions options, Action<int>? report = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(options);
        var clock = Stopwatch.StartNew();
        var scenes = Enumerable.Range(0, options.N).Select(i => SceneSampler.Sample(options.Seed ^ HeldOutStream, i, world)).ToList();
        var captions = scenes.Select(Caption).ToList();
        var drawn = new PromptSheet(model, options.Steps, options.Cfg).Draw(captions, options.Seed, report, cancel);
        var seconds = clock.Elapsed.TotalSeconds;
        var rendered = scenes.ConvertAll(s => Painter.Paint(s, model.SampleSize));
        var marks = Compare(scenes, probe.Read(drawn));
        var shares = Marks.Shares(marks);
        var ofRendered = Compare(scenes, probe.Read(rendered));
        Dictionary<string, double> Each(List<Marks> of, Func<Scene, string> key) => scenes.Zip(of).GroupBy(p => key(p.First))
            .OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key,
                g => Math.Round(g.Average(p => p.Second.All ? 1.0 : 0), 3));
        var grade = new Grade(options.N, shares.Class, shares.Colour, shares.Background, shares.Style, shares.All,
            Marks.Shares(ofRendered), Each(marks, s => Words.Noun(s.Class)), Each(marks, s => ProbeNames.Of(s.Style)),
            Each(ofRendered, s => ProbeNames.Of(s.Style)), options.Steps, options.Cfg, options.Seed, Math.Round(seconds, 1));
        if (options.Sheet is { } path)
            SaveSheet(path, drawn, rendered, captions);
        return grade;
    }

    /// <summary>A caption that names everything, in one of the world's phrasings.</summary>
    private static string Caption(Scene scene)
    {
        var random = new WorldRandom(scene.Seed, 7);
        return (SceneCaptions.Full(scene) with
        {
            Article = random.Chance(0.85f),
            Phrasing = (random.Below(3), random.Below(3), random.Below(3))
        }).Text;
    }

    private static List<Marks> Compare(IReadOnlyList<Scene> scenes, IReadOnlyList<ProbeReading> readings) =>
        [.. scenes.Zip(readings, Marks.Of)];

    // A hundred at most: ten columns of drawn pictures, then the renders of the same scenes.
    private static void SaveSheet(string path, IReadOnlyList<RgbImage> drawn, IReadOnlyList<RgbImage> rendered,
        IReadOnlyList<string> captions)
    {
        var rows = Math.Min(10, drawn.Count / 10);
        if (rows == 0)
            throw new BadInputException("--sheet needs at least --count 10.");
        List<RgbImage> cells = [];
        for (var row = 0; row < rows; row++)
            cells.AddRange([.. drawn.Skip(10 * row).Take(10), .. rendered.Skip(10 * row).Take(10)]);
        ImageGrid.Render(cells, 20, cell: drawn[0].Width).SavePng(path);
        File.WriteAllLines(Path.ChangeExtension(path, ".txt"), captions.Take(10 * rows));
    }
}

/// <summary>How a model is graded.</summary>
public sealed record GradeOptions
{
    /// <summary>Pictures.</summary>
    public int N { get; init; } = 500;

    /// <summary>Decides scenes, captions and noise.</summary>
    public ulong Seed { get; init; } = 1000;

    /// <summary>DDIM steps.</summary>
    public int Steps { get; init; } = 25;

    /// <summary>Guidance scale.</summary>
    public double Cfg { get; init; } = 3;

    /// <summary>A PNG with up to a hundred drawn pictures (left) beside the renders of the same scenes (right); null for none.</summary>
    public string? Sheet { get; init; }
}

/// <summary>A model's grade: shares, 0 to 1, of what the captions say that the probe reads from the pictures.</summary>
/// <param name="N">Pictures.</param>
/// <param name="Class">The class.</param>
/// <param name="Colour">The colour, where the caption names it.</param>
/// <param name="Background">The background, where the caption names it.</param>
/// <param name="Style">The style.</param>
/// <param name="All">Everything that the caption names.</param>
/// <param name="Probe">The same of rendered pictures of the same scenes: what the probe itself gets right.</param>
/// <param name="ByClass">All, for each class.</param>
/// <param name="ByStyle">All, for each style.</param>
/// <param name="ProbeByStyle">The same of the rendered pictures: a probe that misreads true sketches bounds what it can say of
/// drawn ones.</param>
/// <param name="Steps">DDIM steps.</param>
/// <param name="Cfg">Guidance scale.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Seconds">Seconds that drawing took.</param>
public sealed record Grade(
    int N, double Class, double Colour, double Background, double Style, double All, AttributeShares Probe,
    IReadOnlyDictionary<string, double> ByClass, IReadOnlyDictionary<string, double> ByStyle,
    IReadOnlyDictionary<string, double> ProbeByStyle, int Steps, double Cfg, ulong Seed, double Seconds)
{
    /// <summary>Peak signal-to-noise ratio of rendered pictures through the model's VAE and back, dB; see
    /// <see cref="Reconstruction"/>.</summary>
    public double VaePsnr { get; init; }
}
