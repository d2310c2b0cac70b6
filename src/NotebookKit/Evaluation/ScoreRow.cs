using System.Text.Json.Serialization;
using NotebookKit.Images;

namespace NotebookKit.Evaluation;

/// <summary>One line of a <see cref="Scoreboard"/>: a model, or the mean of several trainings that differ in their seed alone.</summary>
/// <param name="Name">What was measured: "with class images".</param>
/// <param name="Fidelity">How alike pictures of the subject are to its photos, as a share of what these are among themselves.</param>
/// <param name="Prompt">The share of the subject's pictures that show what the prompt says; null where no probe can read it.</param>
/// <param name="Protected">The word that class images were drawn for.</param>
/// <param name="Neighbour">A word beside the subject for which none were drawn.</param>
/// <param name="Stranger">A word that has nothing in common with the subject.</param>
public sealed record ScoreRow(string Name, Score Fidelity, Score? Prompt, WordScore Protected, WordScore Neighbour, WordScore Stranger)
{
    /// <summary>How many trainings it is the mean of: over several, the errors are those of their means; of one, those of its
    /// pictures.</summary>
    public int Trainings { get; init; } = 1;

    /// <summary>The subject's pictures, those of the first prompt first.</summary>
    [JsonIgnore]
    public IReadOnlyList<RgbImage> Pictures { get; init; } = [];

    /// <summary>Several trainings' mean, with the error that other training seeds would bring; the pictures are the first's.</summary>
    /// <param name="name">What they have in common.</param>
    /// <param name="rows">One for each training, all of the same words.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static ScoreRow Mean(string name, IReadOnlyList<ScoreRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count == 1)
            return rows[0] with { Name = name };
        Score Over(Func<ScoreRow, Score> score) => Score.Of([.. rows.Select(row => score(row).Mean)]);
        WordScore Word(Func<ScoreRow, WordScore> word) =>
            word(rows[0]) with { Pres = Over(row => word(row).Pres), Div = Over(row => word(row).Div) };
        return new ScoreRow(name, Over(row => row.Fidelity),
            rows.All(row => row.Prompt is not null) ? Over(row => row.Prompt!.Value) : null,
            Word(row => row.Protected), Word(row => row.Neighbour), Word(row => row.Stranger))
        {
            Trainings = rows.Count,
            Pictures = rows[0].Pictures
        };
    }
}

/// <summary>What became of a word.</summary>
/// <param name="Word">The word.</param>
/// <param name="Pres">PRES: how alike its pictures are to the subject's photos, as a share of what these are among themselves.</param>
/// <param name="Div">DIV: how different its pictures are from one another.</param>
public sealed record WordScore(string Word, Score Pres, Score Div)
{
    /// <summary>Its pictures.</summary>
    [JsonIgnore]
    public IReadOnlyList<RgbImage> Pictures { get; init; } = [];
}
