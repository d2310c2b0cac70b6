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

    /// <summary>What a sample grid says.</summary>
    /// <returns>Null where no row shows the subject.</returns>
    public RunScores? Along(SampleGrid grid)
    {
        var (subject, ofClass) = (Of("subject"), Of("class"));
        return subject.Count == 0 ? null : Scores(grid.Epoch, subject, ofClass);

        List<RgbImage> Of(string kind) => [.. grid.Rows.Where(row => Kind(row.Prompt) == kind).SelectMany(row => row.Pictures)];
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
        var ofClass = TrainingPicture.Read(_options.Concepts[0])[0].ClassPrompt;
        var measure = new AdaptationMeasure(_judge, _photos, _prompts, ofClass ?? _prompts[0]) { Pictures = 16 };
        var drawn = measure.Of(sd, cancel);
        return Scores(result.Epochs, drawn.OfSubject, ofClass is null ? [] : drawn.OfClass);
    }

    /// <inheritdoc/>
    public void Dispose() => _judge.Dispose();

    private RunScores Scores(int epoch, IReadOnlyList<RgbImage> subject, IReadOnlyList<RgbImage> ofClass) => new(epoch,
        Math.Round(_scores.SubjectFidelity(subject, _photos) / _own, 4),
        ofClass.Count > 0 ? Math.Round(_scores.Pres(ofClass, _photos), 4) : null,
        ofClass.Count > 1 ? Math.Round(_scores.Diversity(ofClass), 4) : null);

    private string Kind(string prompt)
    {
        if (!_kinds.TryGetValue(prompt, out var kind))
            _kinds[prompt] = kind = SampleKinds.Of(_options, prompt);
        return kind;
    }
}
