using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Models;

namespace NotebookKit.Training;

/// <summary>
/// The class images of prior preservation: what the untouched base makes of the class prompt. They are painted once, into
/// a folder to look at, and used again as long as prompt, size, guidance and base stay the same.
/// </summary>
/// <param name="Folder">Where they lie.</param>
/// <param name="Need">How many the run wants.</param>
/// <param name="Have">How many of them are there and fit.</param>
/// <param name="Why">One sentence: reused, to be painted, or the learner's own.</param>
public sealed partial record ClassImages(string Folder, int Need, int Have, string Why)
{
    private const string NoteName = "class-images.json";
    private const int BatchSize = 8;

    private Note Recipe { get; init; } = new("", 0, 0, 0, 0, "");

    /// <summary>Looks at what is there and says what a run would do; paints nothing.</summary>
    /// <param name="options">Class prompt, count, folder and size; complete, that is from <see cref="TrainOptions.ForBase"/>.</param>
    /// <param name="sd">The base that would paint.</param>
    public static ClassImages Plan(TrainOptions options, StableDiffusion sd)
    {
        var folder = options.ClassDir ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.OutputPath))!, "class-images", Slug(options.ClassPrompt!));
        var recipe = new Note(options.ClassPrompt!, options.Size!.Value, options.ClassGuidance!.Value, options.SampleSteps, options.Seed, Fingerprint(sd.Folder));
        var pictures = PicturesIn(folder).Count;
        var note = Note.Read(Path.Combine(folder, NoteName));
        var need = options.ClassImages;
        if (pictures > 0 && note is null)
        {
            return pictures >= need
                ? new(folder, need, need, $"{folder} holds {pictures} pictures of your own; {need} are used.") { Recipe = recipe }
                : new(folder, need, pictures, $"{folder} holds {pictures} pictures of your own; {need - pictures} more are painted beside them.") { Recipe = recipe };
        }

        if (note is not null && note != recipe)
            return new(folder, need, 0, $"The class images in {folder} were painted for \"{note.Prompt}\" at {note.Size} pixels or by another base; they are painted anew.") { Recipe = recipe };
        return pictures >= need
            ? new(folder, need, need, $"{need} class images are there already.") { Recipe = recipe }
            : new(folder, need, pictures, $"{pictures} of {need} class images are there; {need - pictures} are painted.") { Recipe = recipe };
    }

    /// <summary>
    /// Paints what is missing, picture i always from seed + i, so that a picture depends neither on how many are wanted
    /// nor on where painting stopped the last time.
    /// </summary>
    /// <param name="sd">The base, with nothing attached to it.</param>
    /// <param name="report">Told the number of pictures that are there.</param>
    /// <param name="cancel">Stops after the current handful; what is painted stays.</param>
    /// <returns>The files, as many as are needed.</returns>
    public IReadOnlyList<string> Paint(StableDiffusion sd, Action<int>? report = null, CancellationToken cancel = default)
    {
        Directory.CreateDirectory(Folder);
        var notePath = Path.Combine(Folder, NoteName);
        if (Have == 0 && File.Exists(notePath))
        {
            foreach (var old in Directory.EnumerateFiles(Folder).Where(file => PaintedName().IsMatch(Path.GetFileName(file))).ToList())
                File.Delete(old);
        }

        if (Have < Need)
            Recipe.Write(notePath);
        for (var first = Have; first < Need; first += BatchSize)
        {
            cancel.ThrowIfCancellationRequested();
            var pictures = sd.Sample(new SampleOptions
            {
                Prompt = Recipe.Prompt,
                Count = Math.Min(BatchSize, Need - first),
                Seed = Recipe.Seed + (ulong)first,
                Steps = Recipe.Steps,
                GuidanceScale = Recipe.Guidance,
                Size = Recipe.Size,
            });
            for (var i = 0; i < pictures.Count; i++)
            {
                pictures[i].SavePng(Path.Combine(Folder, $"class-{first + i:0000}.png"));
                File.WriteAllText(Path.Combine(Folder, $"class-{first + i:0000}.txt"), Recipe.Prompt);
            }

            report?.Invoke(first + pictures.Count);
        }

        return [.. PicturesIn(Folder).Take(Need)];
    }

    [GeneratedRegex(@"^class-\d{4,}\.(png|txt)$")]
    private static partial Regex PaintedName();

    private static IReadOnlyList<string> PicturesIn(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Where(ImageFolder.IsPicture).Order(StringComparer.Ordinal)] : [];

    private static string Slug(string prompt) =>
        string.Join('-', prompt.ToLowerInvariant().Split([.. prompt.ToLowerInvariant().Where(c => !char.IsAsciiLetterOrDigit(c))], StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } slug
            ? slug[..Math.Min(60, slug.Length)]
            : "class";

    // Enough of the UNet's file to tell bases apart without reading gigabytes.
    private static string Fingerprint(string folder)
    {
        // A single-file checkpoint, or the UNet of a folder.
        var file = File.Exists(folder) ? folder : Directory.EnumerateFiles(Path.Combine(folder, "unet"), "*.safetensors").Order(StringComparer.Ordinal).FirstOrDefault();
        if (file is null)
            return "";
        using var stream = File.OpenRead(file);
        var sample = new byte[1 << 20];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(stream.Length));
        foreach (var start in (long[])[0, Math.Max(0, stream.Length - sample.Length)])
        {
            stream.Position = start;
            hash.AppendData(sample, 0, stream.ReadAtLeast(sample, sample.Length, throwOnEndOfStream: false));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>How a folder's class images were painted.</summary>
    private sealed record Note(string Prompt, int Size, double Guidance, int Steps, ulong Seed, string Base)
    {
        public static Note? Read(string path)
        {
            try
            {
                return File.Exists(path) ? JsonSerializer.Deserialize<Note>(File.ReadAllText(path)) : null;
            }
            catch (JsonException)
            {
                return new Note("", 0, 0, 0, 0, ""); // damaged: as if painted for something else
            }
        }

        public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this));
    }
}
