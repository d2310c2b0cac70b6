using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Runs;
using NotebookKit.Workshop.World;

namespace NotebookKit.Workshop.Evaluation;

/// <summary>
/// DreamBooth's central experiment in small (Ruiz et al. 2022, section 4.3): the same subject learned again and again,
/// once without class images and once for each prior loss weight, each time measured: has the subject been learned, and
/// has the class word drifted towards it?
/// </summary>
/// <param name="model">The base; every run leaves it as it was.</param>
/// <param name="embedder">What judges likeness.</param>
/// <param name="options">How each run trains; prior loss weight and class prompt are the study's to vary.</param>
public sealed class DreamBoothStudy(StableDiffusion model, IPictureEmbedder embedder, TrainOptions options)
{
    private const int Steps = 25;
    private const ulong SampleSeed = 7000;

    // What each run is asked for: the subject everywhere, then what should have stayed as it was.
    private static readonly string[] SubjectPrompts =
    [
        $"a photo of {SampleRabbit.Identifier} rabbit toy", $"photo of {SampleRabbit.Identifier} rabbit toy on the grass",
        $"photo of {SampleRabbit.Identifier} rabbit toy on the beach", $"photo of {SampleRabbit.Identifier} rabbit toy in a bedroom",
        $"photo of {SampleRabbit.Identifier} rabbit toy in the street", $"photo of {SampleRabbit.Identifier} rabbit toy in the snow",
    ];

    // What it should still be when it is painted or drawn.
    private static readonly (Style Style, string Prompt)[] Styled =
    [
        (Style.OilPainting, $"oil painting of {SampleRabbit.Identifier} rabbit toy in style of van gogh"),
        (Style.PencilSketch, $"pencil sketch of {SampleRabbit.Identifier} rabbit toy"),
    ];

    private const int Renders = 24;

    private readonly DreamBoothScores _scores = new(embedder);
    private readonly List<RgbImage> _shown = [];

    /// <summary>A row of pictures for the base and for each run: subject, in oil, in pencil, toy, rabbit toy, bear toy. Filled by
    /// <see cref="Run"/>.</summary>
    public IReadOnlyList<RgbImage> Shown => _shown;

    /// <summary>Pictures in a row of <see cref="Shown"/>.</summary>
    public const int ShownPerRow = 16;

    /// <summary>Runs the study.</summary>
    /// <param name="weights">The prior loss weights; one run without class images is put before them.</param>
    /// <param name="pictures">Pictures of "a photo of a toy" for each run; others in proportion.</param>
    /// <param name="report">Told each finished run.</param>
    /// <param name="progress">Told every training step.</param>
    /// <param name="cancel">Stops after the current step.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public StudyResult Run(IReadOnlyList<double> weights, int pictures, Action<StudyRow>? report = null,
        IProgress<TrainEvent>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var photos = ImageFolder.List(options.Concepts[0].InstanceDir).Select(RgbImage.Load).ToList();
        var own = _scores.AmongThemselves(photos);
        var before = Measure(null, 0, photos, own, pictures, null, cancel);
        List<StudyRow> rows = [];
        foreach (var weight in weights.Select(w => (double?)w).Prepend(null))
        {
            var run = options with
            {
                Concepts = [options.Concepts[0] with { ClassPrompt = weight is null ? null : options.Concepts[0].ClassPrompt }],
                Loss = options.Loss with { PriorLossWeight = weight ?? 0 },
                Saving = options.Saving with
                {
                    Output = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.OutputPath))!,
                    weight is null ? "no-class-images.safetensors" : FormattableString.Invariant($"prior-{weight}.safetensors"))
                },
            };
            var trained = new DreamBoothTrainer(model, run).Train(progress, cancel);
            cancel.ThrowIfCancellationRequested();
            using var network = LoraNetwork.Load(trained.Output, model);
            rows.Add(Measure(weight, trained.Seconds, photos, own, pictures, before, cancel));
            network.Remove();
            report?.Invoke(rows[^1]);
        }

        return new StudyResult(embedder.Name, Math.Round(own, 3), before, rows);
    }

    // Likeness to the world's own paintings or drawings of the subject, as a share of theirs to one another: colours, which a
    // photo shows and a sketch does not, then count for neither.
    private double OfRenders(Style style, IReadOnlyList<RgbImage> drawn)
    {
        var random = new WorldRandom(SampleSeed, (ulong)style);
        var renders = Enumerable.Range(0, Renders)
            .Select(_ => SampleRabbit.Paint(SceneSampler.SampleView(random), random.Pick(WorldPreset.Cpu.Backgrounds), random.NextULong(),
                model.SampleSize, style)).ToList();
        return Math.Round(_scores.SubjectFidelity(drawn, renders) / _scores.AmongThemselves(renders), 3);
    }

    private StudyRow Measure(double? weight, double seconds, List<RgbImage> photos, double own, int pictures, StudyRow? before,
        CancellationToken cancel)
    {
        var sheet = new PromptSheet(model, Steps, options.ForBase(model).Samples.Guidance!.Value);
        IReadOnlyList<RgbImage> Draw(IReadOnlyList<string> prompts, int count) =>
            sheet.Draw([.. Enumerable.Range(0, count).Select(i => prompts[i % prompts.Count])], SampleSeed, null, cancel);
        var (subject, toys) = (Draw(SubjectPrompts, Math.Max(SubjectPrompts.Length, pictures / 2)), Draw(["a photo of a toy"], pictures));
        var (rabbits, bears) = (Draw(["a photo of a rabbit toy"], Math.Max(2, pictures / 4)),
            Draw(["a photo of a bear toy"], Math.Max(2, pictures / 4)));
        var (oil, pencil) = (Draw([Styled[0].Prompt], Math.Max(2, pictures / 4)), Draw([Styled[1].Prompt], Math.Max(2, pictures / 4)));
        _shown.AddRange([.. subject.Take(4), .. oil.Take(2), .. pencil.Take(2), .. toys.Take(4), .. rabbits.Take(2), .. bears.Take(2)]);
        var (fidelity, pres) = (_scores.SubjectFidelity(subject, photos), _scores.Pres(toys, photos));
        return new StudyRow(
            weight, Math.Round(fidelity, 3), Math.Round(fidelity / own, 3), OfRenders(Styled[0].Style, oil),
            OfRenders(Styled[1].Style, pencil), Math.Round(pres, 3),
            before is null ? 0 : Math.Round(pres - before.PresToy, 3), Math.Round(_scores.SubjectFidelityError(toys, photos), 3),
            Math.Round(_scores.Pres(rabbits, photos), 3), Math.Round(_scores.Pres(bears, photos), 3),
            Math.Round(_scores.Diversity(toys), 3), Math.Round(seconds, 1));
    }
}

/// <summary>What a study found.</summary>
/// <param name="Embedder">What judged likeness: the probe's or CLIP's vectors.</param>
/// <param name="PhotosAmongThemselves">The mean cosine of the subject's photos: what a perfect copy would score.</param>
/// <param name="Base">The untouched base, measured alike.</param>
/// <param name="Runs">The run without class images, then one for each weight.</param>
public sealed record StudyResult(string Embedder, double PhotosAmongThemselves, StudyRow Base, IReadOnlyList<StudyRow> Runs);

/// <summary>One run, measured.</summary>
/// <param name="PriorLossWeight">The weight; null without class images.</param>
/// <param name="SubjectFidelity">Mean cosine of "zwx rabbit toy" on several grounds with the photos.</param>
/// <param name="OfTheirOwn">The same as a share of what the photos score among themselves.</param>
/// <param name="OilOfRenders">Mean cosine of "oil painting of zwx rabbit toy in style of van gogh" with the world's own paintings of the
/// subject, as a share of what these score among themselves.</param>
/// <param name="SketchOfRenders">The same of "pencil sketch of zwx rabbit toy".</param>
/// <param name="PresToy">PRES of "a photo of a toy".</param>
/// <param name="PresToyRise">By how much that is above the base's: language drift.</param>
/// <param name="PresToyError">The standard error of PresToy: rows that differ by less than about two of it say nothing of each
/// other.</param>
/// <param name="PresRabbit">PRES of "a photo of a rabbit toy".</param>
/// <param name="PresBear">PRES of "a photo of a bear toy".</param>
/// <param name="DivToy">DIV of "a photo of a toy".</param>
/// <param name="Seconds">Seconds that training took, class images painted for the first time included.</param>
public sealed record StudyRow(
    double? PriorLossWeight, double SubjectFidelity, double OfTheirOwn, double OilOfRenders, double SketchOfRenders, double PresToy,
    double PresToyRise, double PresToyError,
    double PresRabbit, double PresBear, double DivToy, double Seconds);
