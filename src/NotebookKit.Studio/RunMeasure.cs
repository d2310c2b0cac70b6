using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Runs;

namespace NotebookKit.Studio;

/// <summary>
/// Measures a run: on the way by the sample rows that were drawn anyway, so that it costs next to nothing and changes no
/// weight; at its end by more pictures.
/// </summary>
internal sealed class RunMeasure : IDisposable
{
    private readonly IPictureEmbedder _judge;
    private readonly DreamBoothScores _scores;
    private readonly TrainOptions _options;
    private readonly IReadOnlyList<RgbImage> _photos;
    private readonly IReadOnlyList<string> _prompts;
    private readonly Dictionary<string, string> _kinds = [];
    private readonly double _own;

    /// <summary>Gets ready: the photos are looked at once.</summary>
    /// <param name="judge">What judges likeness; freed with this.</param>
    /// <param name="options">The run's options.</param>
    public RunMeasure(IPictureEmbedder judge, TrainOptions options)
    {
        (_judge, _scores, _options) = (judge, new DreamBoothScores(judge), options);
        var subject = TrainingPicture.Read(options.Concepts[0]);
        _photos = [.. subject.Select(picture => RgbImage.Load(picture.Path))];
        _prompts = [.. subject.Select(picture => picture.Prompt).Distinct()];
        _own = _photos.Count > 1 ? _scores.AmongThemselves(_photos) : 1;
    }

    /// <summary>What samples say.</summary>
    /// <returns>Null where no row shows the subject.</returns>
    public RunScores? Along(SamplesEvent drawn)
    {
        var (subject, ofClass) = (Of("subject"), Of("class"));
        return subject.Count == 0 ? null : Scores(drawn.Samples.Epoch, subject, ofClass);

        List<RgbImage> Of(string kind) => [.. drawn.Rows.Where(row => Kind(row.Prompt) == kind).SelectMany(row => row.Pictures)];
    }

    /// <summary>What the result says, drawn by more pictures.</summary>
    /// <param name="sd">The base; of a full fine-tune it is the result itself.</param>
    /// <param name="result">The run's result.</param>
    /// <param name="cancel">Stops between two steps.</param>
    public RunScores End(StableDiffusion sd, TrainResult result, CancellationToken cancel)
    {
        using IDisposable? attached = _options.Method switch
        {
            TrainMethod.Lora or TrainMethod.LoraExtended => LoraNetwork.Load(result.Output, sd),
            TrainMethod.TextualInversion => TokenEmbedding.Load(result.Output, sd),
            _ => null,
        };
        if (Board(sd) is { } board)
        {
            var row = board.Measure("", sd, cancel);
            return new RunScores(result.Epochs, Rounded(row.Fidelity.Mean), Rounded(row.Protected.Pres.Mean),
                Rounded(row.Protected.Div.Mean))
            { Neighbour = Rounded(row.Neighbour.Pres.Mean) };
        }

        var ofClass = TrainingPicture.Read(_options.Concepts[0])[0].ClassPrompt;
        var measure = new AdaptationMeasure(_judge, _photos, _prompts, ofClass ?? _prompts[0]) { Pictures = 16 };
        var drawn = measure.Of(sd, cancel);
        return Scores(result.Epochs, drawn.OfSubject, ofClass is null ? [] : drawn.OfClass);
    }

    /// <inheritdoc/>
    public void Dispose() => _judge.Dispose();

    // The board of the precomputed sweep, in the run's own words; null where it has nothing to compare with: one photo, no class
    // prompt, no word that names the subject, or captions that say what it asks for.
    private Scoreboard? Board(StableDiffusion sd)
    {
        var concept = _options.Concepts[0];
        var ofClass = TrainingPicture.Read(concept)[0].ClassPrompt;
        if (_photos.Count < 2 || ofClass is null || CaptionAudit.IdentifierOf(concept) is not { } identifier)
            return null;
        var word = ClassNeighbour.Shown(ofClass);
        var beside = string.Join(' ', identifier.Split(' ').Skip(1).Append(word)); // "rabbit toy" of "zwx rabbit" and "toy"
        var usual = new ScorePrompts();
        try
        {
            return new Scoreboard(_judge, _photos, _prompts, new ScorePrompts($"{identifier} {word}")
            {
                Protected = word,
                Neighbour = beside == word ? ClassNeighbour.Thing(sd, _prompts[0], ofClass) : beside,
                Drawing = usual.Drawing with { Count = Drawn(sd), GuidanceScale = sd.UNet.Config.IsMiniature ? 3 : 7.5 },
            });
        }
        catch (BadInputException)
        {
            return null;
        }
    }

    // A picture of a large model takes a processor minutes.
    private static int Drawn(StableDiffusion sd) =>
        sd.UNet.Config.IsMiniature || sd.Device.type != TorchSharp.DeviceType.CPU ? new ScorePrompts().Drawing.Count : 3;

    // PRES too as a share of what the photos are among themselves, as the board has it.
    private RunScores Scores(int epoch, IReadOnlyList<RgbImage> subject, IReadOnlyList<RgbImage> ofClass) => new(epoch,
        Rounded(_scores.SubjectFidelity(subject, _photos) / _own),
        ofClass.Count > 0 ? Rounded(_scores.Pres(ofClass, _photos) / _own) : null,
        ofClass.Count > 1 ? Rounded(_scores.Diversity(ofClass)) : null);

    private static double Rounded(double score) => Math.Round(score, 4);

    private string Kind(string prompt)
    {
        if (!_kinds.TryGetValue(prompt, out var kind))
            _kinds[prompt] = kind = SampleKinds.Of(_options, prompt);
        return kind;
    }
}
