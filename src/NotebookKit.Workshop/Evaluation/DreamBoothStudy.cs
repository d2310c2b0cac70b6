using NotebookKit.Checkpoints;
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
    private IReadOnlyList<List<RgbImage>> _painted = [];

    /// <summary>A row of pictures for the base and for each run: four of the subject, two in oil, two in pencil, then three, three and
    /// two of protected word, neighbour and stranger; along the way four of each; <see cref="StudyResult.PicturesPerRow"/> in all. Filled
    /// by <see cref="Run"/>.</summary>
    public IReadOnlyList<RgbImage> Shown => _shown;

    /// <summary>Trainings of each weight, which differ in their seed alone; with several, figures are their mean.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Measures after every so many epochs, too; 0 measures at the end alone.</summary>
    public int Every { get; init; }

    /// <summary>Runs the study.</summary>
    /// <param name="weights">The prior loss weights; one run without class images is put before them.</param>
    /// <param name="report">Told each measured row.</param>
    /// <param name="progress">Told every training step.</param>
    /// <param name="cancel">Stops after the current step.</param>
    /// <returns>The untouched base, the run without class images, then those of each weight.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IReadOnlyList<StudyRow> Run(IReadOnlyList<double> weights, Action<StudyRow>? report = null,
        IProgress<TrainEvent>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _painted = [.. Styled.Select(styled => PaintedBy(styled.Style))]; // every run is held against the same
        List<StudyRow> rows = [Measure("the base", null, [], styled: true, cancel)];
        foreach (var weight in weights.Select(w => (double?)w).Prepend(null))
        {
            List<TrainResult> trained = [];
            List<List<CheckpointEvent>> saved = [];
            for (var i = 0; i < Seeds; i++)
            {
                var checkpoints = new List<CheckpointEvent>();
                trained.Add(new DreamBoothTrainer(model, Options(weight, i)).Train(new Along(checkpoints, progress), cancel));
                cancel.ThrowIfCancellationRequested();
                saved.Add(checkpoints);
            }

            var name = weight is null ? "no class images" : FormattableString.Invariant($"prior loss weight {weight:0.##}");
            foreach (var along in Every == 0 ? [] : saved[0].Where(at => at.Epoch < trained[0].Epochs))
                rows.Add(Measure($"{name}, epoch {along.Epoch}", weight,
                    [.. saved.Select(of => CheckpointFile.WeightsOf(of.First(at => at.Epoch == along.Epoch).Path))], styled: false,
                    cancel) with
                {
                    Epoch = along.Epoch
                });
            rows.Add(Measure(name, weight, [.. trained.Select(run => run.Output)], styled: true, cancel) with
            {
                Epoch = trained[0].Epochs,
                Seconds = Math.Round(trained.Average(run => run.Seconds), 1)
            });
            report?.Invoke(rows[^1]);
        }

        return rows;
    }

    private TrainOptions Options(double? weight, int training) => options with
    {
        Seed = options.Seed + (ulong)training,
        Concepts = [options.Concepts[0] with { ClassPrompt = weight is null ? null : options.Concepts[0].ClassPrompt }],
        Loss = options.Loss with { PriorLossWeight = weight ?? 0 },
        Saving = options.Saving with
        {
            Every = Every,
            KeepLast = 0,
            Output = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.OutputPath))!,
                (weight is null ? "no-class-images" : FormattableString.Invariant($"prior-{weight}"))
                    + (Seeds == 1 ? "" : $"-{training + 1}") + ".safetensors")
        },
    };

    // The base for no files; else the mean of the trainings, and the first one's pictures.
    private StudyRow Measure(string name, double? weight, IReadOnlyList<string> files, bool styled, CancellationToken cancel)
    {
        List<ScoreRow> scores = [];
        List<RgbImage> first = [];
        var styles = Styled.Select(_ => new List<Score>()).ToList();
        foreach (var file in files.Select(file => (string?)file).DefaultIfEmpty())
        {
            using var network = file is null ? null : LoraNetwork.Load(file, model);
            scores.Add(board.Measure(name, model, cancel));
            List<RgbImage> shown = [.. scores[^1].Pictures.Take(4)];
            for (var i = 0; styled && i < Styled.Length; i++)
            {
                var drawn = Draw(Styled[i].Prompt, cancel);
                styles[i].Add(board.LikenessTo(_painted[i], drawn));
                shown.AddRange(drawn.Take(2));
            }

            if (scores.Count == 1)
                first = [.. shown, .. scores[0].Protected.Pictures.Take(styled ? 3 : 4),
                    .. scores[0].Neighbour.Pictures.Take(styled ? 3 : 4), .. scores[0].Stranger.Pictures.Take(styled ? 2 : 4)];
        }

        _shown.AddRange(first);
        static Score? Mean(List<Score> of) => of.Count switch { 0 => null, 1 => of[0], _ => Score.Of([.. of.Select(score => score.Mean)]) };
        return new StudyRow(board.Add(ScoreRow.Mean(name, scores)), weight, Mean(styles[0]), Mean(styles[1]));
    }

    private IReadOnlyList<RgbImage> Draw(string prompt, CancellationToken cancel) => model.Sample(board.Prompts.Drawing with
    {
        Prompt = prompt.Replace(ScorePrompts.Place, board.Prompts.Subject, StringComparison.Ordinal)
    }, null, cancel);

    private sealed class Along(List<CheckpointEvent> checkpoints, IProgress<TrainEvent>? then) : IProgress<TrainEvent>
    {
        public void Report(TrainEvent value)
        {
            if (value is CheckpointEvent checkpoint)
                checkpoints.Add(checkpoint);
            then?.Report(value);
        }
    }

    // The world's own paintings or drawings of the subject: colours, which a photo shows and a sketch does not, then count for neither.
    private List<RgbImage> PaintedBy(Style style)
    {
        var random = new WorldRandom(board.Prompts.Drawing.Seed, (ulong)style);
        return [.. Enumerable.Range(0, Renders).Select(_ => SampleRabbit.Paint(SceneSampler.SampleView(random),
            random.Pick(WorldPreset.Cpu.Backgrounds), random.NextULong(), model.SampleSize, style))];
    }
}
