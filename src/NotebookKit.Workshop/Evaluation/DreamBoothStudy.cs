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
/// once without class images and once for each prior loss weight, each time measured on one <see cref="Scoreboard"/>: has the
/// subject been learned, and has the class word drifted towards it?
/// </summary>
/// <param name="model">The base; every run leaves it as it was.</param>
/// <param name="board">What is asked of each run, and what judges it; gets a line for the base and one for each run.</param>
/// <param name="options">How each run trains; prior loss weight and class prompt are the study's to vary.</param>
public sealed class DreamBoothStudy(StableDiffusion model, Scoreboard board, TrainOptions options)
{
    // What the subject should still be when it is painted or drawn.
    private static readonly (Style Style, string Prompt)[] Styled =
    [
        (Style.OilPainting, "oil painting of [subject] in style of van gogh"), (Style.PencilSketch, "pencil sketch of [subject]"),
    ];

    private const int Renders = 24;

    private readonly List<RgbImage> _shown = [];

    /// <summary>A row of pictures for the base and for each run: subject, in oil, in pencil, protected word, neighbour, stranger.
    /// Filled by <see cref="Run"/>.</summary>
    public IReadOnlyList<RgbImage> Shown => _shown;

    /// <summary>Pictures in a row of <see cref="Shown"/>.</summary>
    public const int ShownPerRow = 16;

    /// <summary>Runs the study.</summary>
    /// <param name="weights">The prior loss weights; one run without class images is put before them.</param>
    /// <param name="report">Told each finished run.</param>
    /// <param name="progress">Told every training step.</param>
    /// <param name="cancel">Stops after the current step.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public StudyResult Run(IReadOnlyList<double> weights, Action<StudyRow>? report = null, IProgress<TrainEvent>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        List<StudyRow> rows = [Measure("the base", null, 0, cancel)];
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
            var name = weight is null ? "no class images" : FormattableString.Invariant($"prior loss weight {weight:0.##}");
            rows.Add(Measure(name, weight, trained.Seconds, cancel));
            network.Remove();
            report?.Invoke(rows[^1]);
        }

        return new StudyResult(board.PhotosAmongThemselves, rows);
    }

    private StudyRow Measure(string name, double? weight, double seconds, CancellationToken cancel)
    {
        var row = board.Add(name, model, cancel);
        var (oil, pencil) = (Draw(Styled[0].Prompt, cancel), Draw(Styled[1].Prompt, cancel));
        _shown.AddRange([.. row.Pictures.Take(4), .. oil.Take(2), .. pencil.Take(2), .. row.Protected.Pictures.Take(3),
            .. row.Neighbour.Pictures.Take(3), .. row.Stranger.Pictures.Take(2)]);
        return new StudyRow(row, weight, board.LikenessTo(PaintedBy(Styled[0].Style), oil), board.LikenessTo(PaintedBy(Styled[1].Style),
            pencil), Math.Round(seconds, 1));
    }

    private IReadOnlyList<RgbImage> Draw(string prompt, CancellationToken cancel) => model.Sample(board.Prompts.Drawing with
    {
        Prompt = prompt.Replace(ScorePrompts.Place, board.Prompts.Subject, StringComparison.Ordinal)
    }, null, cancel);

    // The world's own paintings or drawings of the subject: colours, which a photo shows and a sketch does not, then count for neither.
    private List<RgbImage> PaintedBy(Style style)
    {
        var random = new WorldRandom(board.Prompts.Drawing.Seed, (ulong)style);
        return [.. Enumerable.Range(0, Renders).Select(_ => SampleRabbit.Paint(SceneSampler.SampleView(random),
            random.Pick(WorldPreset.Cpu.Backgrounds), random.NextULong(), model.SampleSize, style))];
    }
}

/// <summary>What a study found.</summary>
/// <param name="PhotosAmongThemselves">The mean cosine of the subject's photos: what counts as 1.</param>
/// <param name="Rows">The untouched base, the run without class images, then one for each weight.</param>
public sealed record StudyResult(double PhotosAmongThemselves, IReadOnlyList<StudyRow> Rows);

/// <summary>One run, measured.</summary>
/// <param name="Scores">Its line on the scoreboard.</param>
/// <param name="PriorLossWeight">The weight; null without class images, and for the base.</param>
/// <param name="Oil">Likeness of oil paintings of the subject to the world's own, as a share of these to one another.</param>
/// <param name="Sketch">The same of pencil sketches.</param>
/// <param name="Seconds">Seconds that training took, class images painted for the first time included.</param>
public sealed record StudyRow(ScoreRow Scores, double? PriorLossWeight, Score Oil, Score Sketch, double Seconds);
