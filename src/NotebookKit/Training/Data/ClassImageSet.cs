using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Text;

namespace NotebookKit.Training.Data;

/// <summary>The class images of one prompt and size: what is there already, and what the base has yet to paint.</summary>
/// <param name="Folder">Where they lie.</param>
/// <param name="Recipe">How they are painted.</param>
/// <param name="Need">How many the run wants.</param>
public sealed partial record ClassImageSet(string Folder, SampleOptions Recipe, int Need)
{
    /// <summary>The base that paints, by its hash.</summary>
    public required string Base { get; init; }

    /// <summary>Pictures of the learner's own that fit: any size, with this prompt beside them or none.</summary>
    public required IReadOnlyList<string> Own { get; init; }

    /// <summary>How many of the needed pictures are there.</summary>
    public int Have => Need - Missing.Count();

    /// <summary>Why pictures are painted or not, a sentence.</summary>
    public string Why => (Own.Count, Need - Have) switch
    {
        (0, 0) => $"{Need} class images for \"{Recipe.Prompt}\" are there already.",
        (0, var missing) when missing == Need => $"{Need} class images for \"{Recipe.Prompt}\" at {Recipe.Width}×{Recipe.Height} are "
            + $"painted anew{(HasOthers ? "; those in the folder were painted otherwise and are left alone" : "")}.",
        (0, var missing) => $"{Have} of {Need} class images for \"{Recipe.Prompt}\" are there; {missing} are painted.",
        (_, 0) => $"{Folder} holds {Own.Count} pictures of your own; {Need} class images are used.",
        (_, var missing) => $"{Folder} holds {Own.Count} pictures of your own; {missing} more are painted beside them.",
    };

    /// <summary>The files, as many as are needed; those that are missing have to be painted first.</summary>
    public IReadOnlyList<string> Files => [.. Own.Take(Need), .. Enumerable.Range(0, ToPaint).Select(PathOf)];

    private int ToPaint => Math.Max(0, Need - Own.Count);

    private IEnumerable<int> Missing => Enumerable.Range(0, ToPaint).Where(i => !File.Exists(PathOf(i)));

    private bool HasOthers => PicturesIn(Folder).Count > 0;

    /// <summary>The learner's own pictures in a folder that fit a prompt.</summary>
    internal static IReadOnlyList<string> OwnIn(string folder, string prompt) =>
    [
        .. from file in PicturesIn(folder)
           where !PaintedName().IsMatch(Path.GetFileName(file))
           let caption = CaptionFile.Of(file)
           where caption is null || FileWords.Tidy(CaptionFile.Read(caption)) == prompt
           select file,
    ];

    /// <summary>
    /// Paints what is missing, picture i always from the same seed, so that a picture depends neither on how many are
    /// wanted nor on where painting stopped the last time.
    /// </summary>
    /// <param name="sd">The base, with nothing attached to it and nothing trained into it.</param>
    /// <param name="cancel">Stops after the current handful; what is painted stays.</param>
    /// <returns>After each handful, how many pictures were painted.</returns>
    internal IEnumerable<int> Paint(StableDiffusion sd, CancellationToken cancel)
    {
        foreach (var few in Missing.ToList().Chunk(AtOnce(sd.SampleSize, Recipe.Width!.Value, Recipe.Height!.Value)))
        {
            cancel.ThrowIfCancellationRequested();
            // Neighbours are painted at once; picture i has the seed + i.
            foreach (var (first, count) in Runs(few))
            {
                var options = Recipe with { Count = count, Seed = Recipe.Seed + (ulong)first };
                var pictures = sd.Sample(options);
                for (var i = 0; i < count; i++)
                {
                    Directory.CreateDirectory(Folder);
                    AtomicFile.WriteText(Path.ChangeExtension(PathOf(first + i), ".txt"), Recipe.Prompt);
                    pictures[i].SavePng(PathOf(first + i), options.ParametersOf(sd, i));
                }
            }

            yield return few.Length;
        }
    }

    /// <summary>How many pictures make a handful; how many of them are drawn at once is the sampler's business.</summary>
    internal static int AtOnce(int native, int width, int height) => Math.Max(1, 8 * native * native / (width * height));

    private static IEnumerable<(int First, int Count)> Runs(int[] numbers)
    {
        var first = 0;
        for (var i = 1; i <= numbers.Length; i++)
        {
            if (i < numbers.Length && numbers[i] == numbers[i - 1] + 1)
                continue;
            yield return (numbers[first], i - first);
            first = i;
        }
    }

    // The name tells how a picture was painted, so that prompts, sizes and bases never mix.
    private string PathOf(int i)
    {
        var recipe = string.Create(CultureInfo.InvariantCulture,
            $"{Recipe.Prompt}|{Recipe.NegativePrompt}|{Recipe.Width}x{Recipe.Height}|"
            + $"{Recipe.GuidanceScale}|{Recipe.Steps}|{Recipe.Scheduler}|{Recipe.Seed}|{Base}");
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(recipe)))[..8];
        return Path.Combine(Folder, $"class-{hash}-{i:0000}.png");
    }

    private static IReadOnlyList<string> PicturesIn(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Where(ImageFolder.IsPicture).Order(StringComparer.Ordinal)] : [];

    [GeneratedRegex(@"^class-[0-9a-f]{8}-\d{4,}\.png$")]
    private static partial Regex PaintedName();
}
