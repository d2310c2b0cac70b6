using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Images;

namespace NotebookKit.Evaluation;

/// <summary>
/// What <c>kit dreambooth-study</c> found: the same subject learned without class images and with each of some prior loss weights,
/// each measured as a <see cref="Scoreboard"/> does. <c>data/prior-loss-weight</c> has one of <c>base-mini</c>.
/// </summary>
/// <param name="Command">What made it.</param>
/// <param name="Of">What was trained: the base, the subject, how.</param>
/// <param name="Embedder">What judged likeness.</param>
/// <param name="PhotosAmongThemselves">The mean cosine of the subject's photos: what counts as 1.</param>
/// <param name="Rows">The untouched base, those without class images, then those of each weight, by epoch.</param>
public sealed record StudyResult(string Command, string Of, string Embedder, double PhotosAmongThemselves, IReadOnlyList<StudyRow> Rows)
{
    /// <summary>Its figures' file in a folder.</summary>
    public const string File = "study.json";

    /// <summary>Its pictures' file in a folder.</summary>
    public const string PicturesFile = "study.jpg";

    /// <summary>Pictures that are kept of each row.</summary>
    public const int PicturesPerRow = 16;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The weights, in order.</summary>
    public IReadOnlyList<double> Weights() => [.. Rows.Select(row => row.PriorLossWeight).OfType<double>().Distinct().Order()];

    /// <summary>The epochs after which was measured, in order.</summary>
    public IReadOnlyList<int> Epochs() => [.. Rows.Select(row => row.Epoch).Where(epoch => epoch > 0).Distinct().Order()];

    /// <summary>The row of a weight, at an epoch.</summary>
    /// <param name="weight">One of <see cref="Weights"/>; null without class images.</param>
    /// <param name="epoch">One of <see cref="Epochs"/>.</param>
    public StudyRow At(double? weight, int epoch) => Rows.First(row => row.PriorLossWeight == weight && row.Epoch == epoch);

    /// <summary>Reads a study's figures and pictures.</summary>
    /// <param name="folder">The folder that the study was written to.</param>
    /// <exception cref="BadInputException">There is none, or it is damaged.</exception>
    public static StudyResult Load(string folder)
    {
        var path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path))
            throw new BadInputException($"{path}: there is no study; make one with kit dreambooth-study.");
        using var stream = System.IO.File.OpenRead(path);
        var (study, sheet) = (Read(stream, path), RgbImage.Load(Path.Combine(folder, PicturesFile)));
        var cell = sheet.Width / PicturesPerRow;
        if (cell == 0 || sheet.Height < cell * study.Rows.Count)
            throw new BadInputException($"{Path.Combine(folder, PicturesFile)} has too few pictures for the {study.Rows.Count} rows of "
                + $"{File}; make both anew with kit dreambooth-study.");
        return study with
        {
            Rows = [.. study.Rows.Select((row, i) => row with
            {
                Pictures = [.. Enumerable.Range(0, PicturesPerRow).Select(j => sheet.Crop(j * cell, i * cell, cell, cell))]
            })]
        };
    }

    /// <summary>Reads a study's figures alone.</summary>
    /// <param name="stream">The JSON.</param>
    /// <param name="name">What to call it where it is wrong.</param>
    /// <exception cref="BadInputException">It is damaged.</exception>
    public static StudyResult Read(Stream stream, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<StudyResult>(stream, Json) is { Rows: not null } study ? study : throw new JsonException();
        }
        catch (JsonException)
        {
            throw new BadInputException($"{name} is no study's figures, or is damaged; make it anew with kit dreambooth-study.");
        }
    }

    /// <summary>The figures as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>One line of a study: the trainings of one weight, measured after some epochs.</summary>
/// <param name="Scores">Their line on the scoreboard.</param>
/// <param name="PriorLossWeight">The weight; null without class images, and for the base.</param>
/// <param name="Oil">Likeness of oil paintings of the subject to the world's own, as a share of these to one another; null along the
/// way.</param>
/// <param name="Sketch">The same of pencil sketches.</param>
public sealed record StudyRow(ScoreRow Scores, double? PriorLossWeight, Score? Oil, Score? Sketch)
{
    /// <summary>Epochs behind it; 0 for the base.</summary>
    public int Epoch { get; init; }

    /// <summary>Seconds that a training took, class images painted for the first time included; 0 for the base, and for rows along
    /// the way.</summary>
    public double Seconds { get; init; }

    /// <summary>Pictures of the first training: four of the subject, two in oil, two in pencil, then three, three and two of protected
    /// word, neighbour and stranger; along the way four each of the subject and of these.</summary>
    [JsonIgnore]
    public IReadOnlyList<RgbImage> Pictures { get; init; } = [];

    /// <summary>Those of the subject.</summary>
    [JsonIgnore]
    public IReadOnlyList<RgbImage> OfSubject => [.. Pictures.Take(4)];

    /// <summary>Those of the protected word.</summary>
    [JsonIgnore]
    public IReadOnlyList<RgbImage> OfProtected => [.. Oil is null ? Pictures.Skip(4).Take(4) : Pictures.Skip(8).Take(3)];
}
