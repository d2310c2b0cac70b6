using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Text;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Methods;

namespace NotebookKit.Training.Data;

/// <summary>
/// The class images of prior preservation: what the untouched base makes of the class prompts. They are painted once, into
/// a folder to look at, and used again as long as all that they were painted with stays the same: prompts, size, steps, guidance,
/// sampler, seed and base. More of them show the class more variously; how much they weigh is the prior loss weight's business alone.
/// </summary>
/// <param name="Sets">A set for each class prompt and bucket.</param>
public sealed record ClassImages(IReadOnlyList<ClassImageSet> Sets)
{
    /// <summary>How many pictures the run wants.</summary>
    public int Need => Sets.Sum(set => set.Need);

    /// <summary>How many of them are there.</summary>
    public int Have => Sets.Sum(set => set.Have);

    /// <summary>What a run would do and why, a sentence for each set.</summary>
    public string Why => string.Join(" ", Sets.Select(set => set.Why));

    /// <summary>Looks at what is there and says what a run would do; paints nothing.</summary>
    /// <param name="options">Concepts, counts, folders and size; complete, that is from <see cref="TrainOptions.ForBase"/>.</param>
    /// <param name="sd">The base that would paint.</param>
    /// <exception cref="BadInputException">A picture of the subject cannot be decoded; its shape decides the class images'
    /// shape.</exception>
    public static ClassImages Plan(TrainOptions options, StableDiffusion sd) =>
        new([.. options.Concepts.SelectMany(concept =>
            Plan(options, concept, sd, [.. TrainingPicture.Read(concept).Select(picture => (picture, Size(picture)))]))]);

    /// <summary>The sets of one concept, whose pictures' buckets are known.</summary>
    internal static IReadOnlyList<ClassImageSet> Plan(TrainOptions options, Concept concept, StableDiffusion sd,
        IReadOnlyList<(TrainingPicture Picture, (int Width, int Height) Size)> pictures)
    {
        var need = options.UsesClassImages ? concept.ClassImagesFor(pictures.Count) : 0;
        if (need == 0)
            return [];
        var groups = pictures.GroupBy(picture => (picture.Picture.ClassPrompt, Bucket: options.BucketFor(sd, picture.Size)))
            .OrderBy(group => group.Key.ClassPrompt, StringComparer.Ordinal).ThenBy(group => group.Key.Bucket).ToList();
        var folder = FolderOf(options, concept);
        return
        [
            .. from @group in groups
               let recipe = new SampleOptions
               {
                   Prompt = @group.Key.ClassPrompt!,
                   NegativePrompt = concept.ClassNegativePrompt,
                   GuidanceScale = concept.ClassGuidance ?? options.Concepts[0].ClassGuidance!.Value,
                   Steps = concept.ClassSteps ?? options.Concepts[0].ClassSteps ?? options.Samples.Steps,
                   Scheduler = options.Samples.Sampler,
                   Width = @group.Key.Bucket.Width,
                   Height = @group.Key.Bucket.Height,
                   Seed = options.Seed,
               }
               // Each set gets its share; the article's "class images per instance image" comes out exactly.
               select new ClassImageSet(folder, recipe, Math.Max(1, (int)Math.Round(need * @group.Count() / (double)pictures.Count)))
               {
                   Base = sd.Hash ?? "",
                   Own = ClassImageSet.OwnIn(folder, @group.Key.ClassPrompt!),
               },
        ];
    }

    /// <summary>Where the class images of a concept lie, or are to go.</summary>
    internal static string FolderOf(TrainOptions options, Concept concept) => concept.ClassDir
        ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.OutputPath))!, "class-images",
            Slug(concept.ClassToken is { } kind && concept.ClassPrompt!.Contains(FileWords.Placeholder, StringComparison.Ordinal) ? kind
                : concept.ClassPrompt!));

    /// <summary>Paints what is missing.</summary>
    /// <param name="sd">The base, with nothing attached to it and nothing trained into it.</param>
    /// <param name="report">Told the number of pictures that are there.</param>
    /// <param name="cancel">Stops after the current handful; what is painted stays.</param>
    /// <returns>The files, as many as are needed.</returns>
    public IReadOnlyList<string> Paint(StableDiffusion sd, Action<int>? report = null, CancellationToken cancel = default)
    {
        foreach (var done in Painting(sd, cancel))
            report?.Invoke(done);
        return [.. Sets.SelectMany(set => set.Files)];
    }

    /// <summary>Paints what is missing, and yields after each handful how many pictures are there.</summary>
    internal IEnumerable<int> Painting(StableDiffusion sd, CancellationToken cancel)
    {
        if (Have < Need && TrainedBases.Contains(sd))
            throw new BadInputException($"{Need - Have} class images are missing, and this model has been trained, so it would paint the "
                + "subject into them; load the base anew.");
        var done = Have;
        foreach (var painted in Sets.SelectMany(set => set.Paint(sd, cancel)))
            yield return done += painted;
    }

    private static (int Width, int Height) Size(TrainingPicture picture)
    {
        var image = RgbImage.Load(picture.Path);
        return (image.Width, image.Height);
    }

    private static string Slug(string prompt) =>
        string.Join('-', prompt.ToLowerInvariant().Split([.. prompt.ToLowerInvariant().Where(c => !char.IsAsciiLetterOrDigit(c))],
            StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } slug
            ? slug[..Math.Min(60, slug.Length)]
            : "class";
}
