using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Text;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Runs;

namespace NotebookKit.Training;

/// <summary>Draws the model in training from the same prompts and seeds each time, so that grids can be compared.</summary>
internal sealed class SampleGrids(StableDiffusion sd, TrainOptions options)
{
    // A miniature's pictures are enlarged, or nobody would see what is in them.
    private const int Smallest = 128;

    private readonly List<SampleGrid> _drawn = [];

    /// <summary>Where the grids so far lie, oldest first.</summary>
    public IReadOnlyList<SampleGrid> Drawn => _drawn;

    /// <summary>Whether a grid belongs after this epoch: every N epochs, at the end, and before the first (epoch 0) if asked for.</summary>
    public bool AreDue(int epoch) => options.Samples.Every > 0
        && (epoch == 0 ? options.Samples.AtFirst : epoch % options.Samples.Every == 0 || epoch == options.EpochsInAll);

    /// <summary>Samples every prompt, a row each, and writes <c>samples/NAME-epoch-0010.png</c> and its sheet beside the output.</summary>
    public SamplesEvent Draw(int epoch)
    {
        var rows = options.Concepts.SelectMany(Rows).ToList();
        if (options.Samples.SanityPrompt is { } sanity)
            rows.Add((sanity, "", options.Concepts[0].SamplesPerPrompt));
        var columns = rows.Max(row => row.Count);
        var pictures = new List<RgbImage>();
        var captions = new List<string>();
        var kept = new List<SampleRow>();
        foreach (var (prompt, negative, count) in rows)
        {
            var drawn = sd.Sample(new SampleOptions
            {
                Prompt = prompt,
                NegativePrompt = negative,
                Count = count,
                Steps = options.Samples.Steps,
                GuidanceScale = options.Samples.Guidance!.Value,
                Scheduler = options.Samples.Sampler,
                Size = options.Images.Size,
                Seed = options.Seed,
            });
            var blanks = Enumerable.Range(count, columns - count).Select(_ => new RgbImage(drawn[0].Width, drawn[0].Height)).ToList();
            pictures.AddRange(drawn.Concat(blanks));
            kept.Add(new SampleRow(prompt, drawn));
            captions.AddRange(Enumerable.Repeat("", columns - 1).Prepend(prompt));
        }

        var grid = ImageGrid.Render(pictures, columns, captions, cell: Math.Max(Smallest, pictures[0].Width));
        var place = new RunPlace(options.OutputPath);
        var folder = Path.Combine(place.Folder, "samples");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{place.Name}-epoch-{epoch:0000}.png");
        grid.SavePng(path);
        SampleSheet.Write(SampleSheet.Beside(path), kept);
        _drawn.Add(new SampleGrid(epoch, path));
        return new SamplesEvent(_drawn[^1]) { Grid = grid, Rows = kept };
    }

    /// <summary>The rows of a concept: prompt, negative prompt, pictures.</summary>
    internal static IEnumerable<(string Prompt, string Negative, int Count)> Rows(Concept concept)
    {
        var captions = TrainingPicture.FilesOf(concept.InstanceDir).Select(concept.CaptionOf).Distinct().ToList();
        var first = TrainingPicture.Read(concept)[0];
        var prompts = concept.SamplePrompts ?? (first.ClassPrompt is null ? [first.Prompt] : [first.Prompt, first.ClassPrompt]);
        return prompts
            .SelectMany(prompt => prompt.Contains(FileWords.Placeholder, StringComparison.Ordinal)
                ? captions.Select(caption => (Prompt: Filled(prompt, caption), Negative: Filled(concept.SampleNegativePrompt, caption)))
                : [(Prompt: prompt, Negative: Filled(concept.SampleNegativePrompt, captions[0]))])
            .Distinct()
            .Select(row => (row.Prompt, row.Negative, concept.SamplesPerPrompt));

        string Filled(string prompt, string caption) =>
            prompt.Contains(FileWords.Placeholder, StringComparison.Ordinal)
                ? (concept.Prompts with { InstancePrompt = prompt }).Instance(caption) : prompt;
    }
}
