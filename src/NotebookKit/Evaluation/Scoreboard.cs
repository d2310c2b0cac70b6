using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;

namespace NotebookKit.Evaluation;

/// <summary>
/// The one way in which the kit tells how well a subject was learned and what that cost: every model draws the same prompts from
/// the same seeds, and every table and chart of it looks alike. The measures are the paper's (<see cref="DreamBoothScores"/>), likeness
/// as a share of what the photos score among themselves, so that 1 means "as alike as another photo".
/// </summary>
public sealed class Scoreboard
{
    private readonly IPictureEmbedder _judge;
    private readonly DreamBoothScores _scores;
    private readonly IReadOnlyList<RgbImage> _photos;
    private readonly List<ScoreRow> _rows = [];

    /// <summary>Makes an empty board.</summary>
    /// <param name="judge">What judges likeness; a <see cref="Probe"/> reads what the pictures show, too.</param>
    /// <param name="photos">The subject's photos, at least two.</param>
    /// <param name="captions">What the training says beside them.</param>
    /// <param name="prompts">What is asked of each model.</param>
    /// <exception cref="BadInputException">A prompt is a caption, or there are too few photos.</exception>
    public Scoreboard(IPictureEmbedder judge, IReadOnlyList<RgbImage> photos, IEnumerable<string> captions, ScorePrompts prompts)
    {
        ArgumentNullException.ThrowIfNull(photos);
        if (photos.Count < 2)
            throw new BadInputException($"A scoreboard compares with what the subject's photos are among themselves, for which "
                + $"{photos.Count} are too few; give at least two.");
        (_judge, _photos, Prompts) = (judge, photos, prompts ?? throw new ArgumentNullException(nameof(prompts)));
        var known = captions.Select(Plain).ToHashSet();
        if (prompts.Filled.FirstOrDefault(prompt => known.Contains(Plain(prompt))) is { } learned)
            throw new BadInputException($"\"{learned}\" is a caption of the training, so its pictures would measure what was learned by "
                + "heart; ask for something that no caption says.");
        _scores = new DreamBoothScores(judge);
        PhotosAmongThemselves = _scores.AmongThemselves(photos);
    }

    /// <summary>A board for a folder of photos with captions beside them.</summary>
    /// <param name="judge">What judges likeness.</param>
    /// <param name="folder">The photos that are trained on, each with a <c>.txt</c> beside it where it has a caption.</param>
    /// <param name="prompts">What is asked of each model; null for the toy world's.</param>
    /// <exception cref="BadInputException">There is no such folder, a prompt is a caption, or there are too few photos.</exception>
    public static Scoreboard Of(IPictureEmbedder judge, string folder, ScorePrompts? prompts = null)
    {
        var photos = ImageFolder.List(folder);
        var captions = photos.Select(photo => Path.ChangeExtension(photo, ".txt")).Where(File.Exists).Select(File.ReadAllText);
        return new Scoreboard(judge, [.. photos.Select(RgbImage.Load)], captions, prompts ?? new ScorePrompts());
    }

    /// <summary>What is asked of each model.</summary>
    public ScorePrompts Prompts { get; }

    /// <summary>The mean cosine of the photos: what counts as 1.</summary>
    public double PhotosAmongThemselves { get; }

    /// <summary>The lines, in the order in which they were added.</summary>
    public IReadOnlyList<ScoreRow> Rows => _rows;

    /// <summary>Adds a line for a model as it is now.</summary>
    /// <param name="name">What it is: "the base".</param>
    /// <param name="model">The model.</param>
    /// <param name="cancel">Stops between two steps of a picture.</param>
    public ScoreRow Add(string name, StableDiffusion model, CancellationToken cancel = default) => Add(Measure(name, model, cancel));

    /// <summary>Adds one line for trainings that differ in their seed alone.</summary>
    /// <param name="name">What they have in common.</param>
    /// <param name="model">The base, which stays as it was.</param>
    /// <param name="loras">The trainings' LoRA files.</param>
    /// <param name="cancel">Stops between two steps of a picture.</param>
    public ScoreRow Add(string name, StableDiffusion model, IEnumerable<string> loras, CancellationToken cancel = default) =>
        Add(ScoreRow.Mean(name, [.. loras.Select(file =>
        {
            using var lora = LoraNetwork.Load(file, model);
            return Measure(name, model, cancel);
        })]));

    /// <summary>Adds a line that was measured before.</summary>
    /// <param name="row">The line.</param>
    public ScoreRow Add(ScoreRow row)
    {
        _rows.Add(row);
        return row;
    }

    /// <summary>Measures a model as it is now, without adding a line.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="model">The model.</param>
    /// <param name="cancel">Stops between two steps of a picture.</param>
    public ScoreRow Measure(string name, StableDiffusion model, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        IReadOnlyList<RgbImage> Draw(string prompt) => model.Sample(Prompts.Drawing with { Prompt = prompt }, null, cancel);
        var words = new[] { Prompts.Protected, Prompts.Neighbour, Prompts.Stranger };
        return Judge(name, [.. Prompts.Filled.Select(Draw)], [.. words.Select(word => Draw(ScorePrompts.OfWord(word)))]);
    }

    // Pictures of each of the subject's prompts, and of each of the three words.
    internal ScoreRow Judge(string name, IReadOnlyList<IReadOnlyList<RgbImage>> asked, IReadOnlyList<IReadOnlyList<RgbImage>> words)
    {
        var subject = asked.SelectMany(pictures => pictures).ToList();
        List<string> prompts = [.. Prompts.Filled.Zip(asked).SelectMany(each => Enumerable.Repeat(each.First, each.Second.Count))];
        WordScore Word(string word, IReadOnlyList<RgbImage> pictures) =>
            new(word, Likeness(pictures), new Score(_scores.Diversity(pictures), _scores.DiversityError(pictures))) { Pictures = pictures };
        return new ScoreRow(name, Likeness(subject),
            _judge is Probe probe ? Score.Of([.. probe.Shows(subject, prompts).Select(shown => shown ? 1.0 : 0)]) : null,
            Word(Prompts.Protected, words[0]), Word(Prompts.Neighbour, words[1]), Word(Prompts.Stranger, words[2]))
        {
            Pictures = subject
        };
    }

    /// <summary>Likeness of pictures to others than the photos, as a share of what these are among themselves.</summary>
    /// <param name="others">At least two.</param>
    /// <param name="pictures">At least two.</param>
    public Score LikenessTo(IReadOnlyList<RgbImage> others, IReadOnlyList<RgbImage> pictures)
    {
        var own = _scores.AmongThemselves(others);
        return new Score(_scores.SubjectFidelity(pictures, others) / own, _scores.SubjectFidelityError(pictures, others) / own);
    }

    private Score Likeness(IReadOnlyList<RgbImage> pictures) => LikenessTo(_photos, pictures);

    // Captions that differ in their article or their case are the same caption.
    private static string Plain(string prompt) => string.Join(' ', prompt.ToLowerInvariant().Split((char[])[' ', ',', '.', '\n', '\r'],
        StringSplitOptions.RemoveEmptyEntries).Where(word => word is not ("a" or "an" or "the")));
}
