using NotebookKit.Charts;
using NotebookKit.Evaluation;
using Plotly.NET;
using CSharpChart = Plotly.NET.CSharp.Chart;
using FSharpChart = Plotly.NET.Chart;

namespace NotebookKit.Display;

/// <summary>A scoreboard to look at: one table and one chart, which look the same wherever it stands.</summary>
public static class ScoreDisplay
{
    /// <summary>A line for each model, a column for each measure, each with its standard error.</summary>
    /// <param name="board">The board.</param>
    public static DisplayTable Table(this Scoreboard board)
    {
        ArgumentNullException.ThrowIfNull(board);
        return new DisplayTable(["model", .. Measures(board).Select(measure => measure.Name), "trainings"],
            board.Rows.Select(row => (IReadOnlyList<object?>)
                [row.Name, .. Measures(board).Select(measure => measure.Of(row).ToString()), row.Trainings]))
        {
            Caption = "fidelity and PRES: likeness to the photos, what they are to one another being 1; prompt: share that shows what was "
                + "asked; ±: standard error"
        };
    }

    /// <summary>A group of columns for each measure, a column for each model, with its standard error as a whisker.</summary>
    /// <param name="board">The board.</param>
    /// <param name="title">What stands above it.</param>
    public static GenericChart Chart(this Scoreboard board, string title = "Scoreboard")
    {
        ArgumentNullException.ThrowIfNull(board);
        var measures = Measures(board);
        return FSharpChart.combine(board.Rows.Select(row => CSharpChart.Column<double, string, string>(
                measures.Select(measure => measure.Of(row).Mean), Keys: measures.Select(measure => measure.Name).ToList(), Name: row.Name)
            .WithErrors(measures.Select(measure => measure.Of(row).Error))))
            .WithTitles(title, y: "score").WithYRange(-0.2, 1.2);
    }

    // Fidelity and prompt should be high; PRES and DIV should be what they are on the base's line.
    private static List<(string Name, Func<ScoreRow, Score> Of)> Measures(Scoreboard board)
    {
        List<(string, Func<ScoreRow, Score>)> measures = [("fidelity", row => row.Fidelity)];
        if (board.Rows.All(row => row.Prompt is not null))
            measures.Add(("prompt", row => row.Prompt!.Value));
        (string Word, Func<ScoreRow, WordScore> Of)[] words = [(board.Prompts.Protected, row => row.Protected),
            (board.Prompts.Neighbour, row => row.Neighbour), (board.Prompts.Stranger, row => row.Stranger)];
        measures.AddRange(words.Select(word => ($"PRES {word.Word}", (Func<ScoreRow, Score>)(row => word.Of(row).Pres))));
        measures.AddRange(words.Select(word => ($"DIV {word.Word}", (Func<ScoreRow, Score>)(row => word.Of(row).Div))));
        return measures;
    }
}
