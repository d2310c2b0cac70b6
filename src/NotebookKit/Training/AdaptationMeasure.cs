using System.Text.Json.Serialization;
using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Pipeline;

namespace NotebookKit.Training;

/// <summary>How well a model knows a subject, and what that did to the class.</summary>
/// <param name="Fidelity">DreamBooth's subject fidelity: the mean cosine of pictures drawn for the subject with its photos.</param>
/// <param name="Pres">DreamBooth's PRES: the same of pictures drawn for the class alone.</param>
/// <param name="Drift">By how much PRES has risen above the untouched base's: the class word drifts towards the subject.</param>
public sealed record Adaptation(double Fidelity, double Pres, double Drift)
{
    /// <summary>The pictures drawn for the subject.</summary>
    [JsonIgnore]
    public IReadOnlyList<RgbImage> OfSubject { get; init; } = [];

    /// <summary>The pictures drawn for the class.</summary>
    [JsonIgnore]
    public IReadOnlyList<RgbImage> OfClass { get; init; } = [];
}

/// <summary>
/// Measures a fine-tuned model by its pictures (Ruiz et al. 2022, section 4.2): the same prompts and seeds every time, for
/// the subject and for its class alone, each compared with the subject's photos.
/// </summary>
public sealed class AdaptationMeasure
{
    private const ulong Seed = 7000;

    private readonly DreamBoothScores _scores;
    private readonly IReadOnlyList<RgbImage> _photos;
    private double? _basePres;

    /// <summary>Prepares the measure; the base itself is measured first (<see cref="Of"/>), and is what drift starts from.</summary>
    /// <param name="embedder">What judges likeness: the probe, or CLIP.</param>
    /// <param name="photos">The subject's photos.</param>
    /// <param name="subjectPrompts">What is asked for with the subject's word, in turn.</param>
    /// <param name="classPrompt">What is asked for without it.</param>
    /// <exception cref="BadInputException">There is no photo, or no prompt.</exception>
    public AdaptationMeasure(IPictureEmbedder embedder, IReadOnlyList<RgbImage> photos, IReadOnlyList<string> subjectPrompts,
        string classPrompt)
    {
        ArgumentNullException.ThrowIfNull(photos);
        ArgumentNullException.ThrowIfNull(subjectPrompts);
        if (photos.Count == 0 || subjectPrompts.Count == 0 || string.IsNullOrWhiteSpace(classPrompt))
            throw new BadInputException("To measure a subject, give at least one photo of it, a prompt with its word and one of its class "
                + "alone.");
        (_scores, _photos, SubjectPrompts, ClassPrompt) = (new DreamBoothScores(embedder), photos, subjectPrompts, classPrompt);
    }

    /// <summary>What is asked for with the subject's word.</summary>
    public IReadOnlyList<string> SubjectPrompts { get; }

    /// <summary>What is asked for without it.</summary>
    public string ClassPrompt { get; }

    /// <summary>Pictures for the subject, and as many for the class.</summary>
    public int Pictures { get; init; } = 8;

    /// <summary>Denoising steps of each.</summary>
    public int Steps { get; init; } = 25;

    /// <summary>Their guidance scale.</summary>
    public double GuidanceScale { get; init; } = 3;

    /// <summary>What the photos score among themselves, where there are two: what a perfect copy would score.</summary>
    public double? PhotosAmongThemselves => _photos.Count > 1 ? _scores.AmongThemselves(_photos) : null;

    /// <summary>Draws and measures. The first call is for the bare base.</summary>
    /// <param name="sd">The base: bare, with a LoRA or a word attached, or trained.</param>
    /// <param name="cancel">Stops between two steps.</param>
    public Adaptation Of(StableDiffusion sd, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(sd);
        var options = new SampleOptions { Prompt = ClassPrompt, Steps = Steps, GuidanceScale = GuidanceScale, Seed = Seed };
        var subject = SubjectPrompts.Take(Pictures).SelectMany((prompt, i) =>
        {
            var count = ((Pictures - 1 - i) / SubjectPrompts.Count) + 1;
            return sd.Sample(options with { Prompt = prompt, Count = count, Seed = Seed + (ulong)(100 * i) }, cancel: cancel);
        }).ToList();
        var ofClass = sd.Sample(options with { Count = Pictures }, cancel: cancel);
        var pres = _scores.Pres(ofClass, _photos);
        _basePres ??= pres;
        return new Adaptation(_scores.SubjectFidelity(subject, _photos), pres, pres - _basePres.Value)
        {
            OfSubject = subject,
            OfClass = ofClass
        };
    }
}
