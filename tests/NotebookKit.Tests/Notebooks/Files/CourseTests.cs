using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>What makes the course's notebooks teach, beyond being notebooks: small cells, true figures, something to do.</summary>
public sealed partial class CourseTests
{
    private const int MostLines = 30, MedianLines = 6, MostColumns = 100;

    public static TheoryData<string> Course() => NotebookFile.Course();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Its_code_can_be_read_without_scrolling(string name)
    {
        var cells = NotebookFile.Load(name).CodeCells.Select(cell => NotebookFile.Text(cell["source"]).Split('\n')).ToList();

        Assert.All(cells, lines => Assert.True(lines.Length <= MostLines, $"{lines.Length} lines: {lines[0]}"));
        Assert.All(cells.SelectMany(lines => lines),
            line => Assert.True(line.Length <= MostColumns, $"{line.Length} columns: {line}"));
        Assert.InRange(cells.Select(lines => lines.Length).Order().ElementAt((cells.Count - 1) / 2), 1, MedianLines);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Every_check_holds_that_is_not_the_readers_to_answer(string name)
    {
        foreach (var cell in NotebookFile.Load(name).CodeCells)
            if (!NotebookFile.Text(cell["source"]).Contains("// your", StringComparison.Ordinal))
                Assert.DoesNotContain('✘', string.Concat(cell["outputs"]!.AsArray()
                    .Select(output => NotebookFile.Text(output!["data"]?["text/plain"]))));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Every_figure_of_its_prose_stands_in_a_cell_or_its_output(string name) =>
        Assert.Empty(FiguresInProse.WithoutACell(NotebookFile.Load(name)));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Every_chart_has_a_still_drawing_beside_it(string name)
    {
        var charts = NotebookFile.Load(name).Outputs.Select(output => output["data"]).OfType<JsonObject>()
            .Where(data => data.ContainsKey("application/vnd.plotly.v1+json"));

        Assert.All(charts, chart => Assert.Contains("<svg", NotebookFile.Text(chart["text/html"])));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void It_asks_three_to_six_exercises(string name)
    {
        var exercises = Section(name, "## Exercises");

        Assert.InRange(Numbered().Count(exercises), 3, 6);
    }

    [Theory]
    [InlineData("It rose by 0.42 (12 %).", "0.4213 0.118", "")]
    [InlineData("It rose by 0.43.", "0.4213", "It rose by [0.43]")]
    [InlineData("Half is 50 %.", "0.5", "")]
    [InlineData("Half is 51 %.", "50 %", "Half is [51 %]")]
    [InlineData("SD 1.5 says \"0.15 to 0.4\", `0.3` and section 3.3.", "", "")]
    [InlineData("A rate of 0.0001 is low.", "1E-4", "")]
    [InlineData("It has 122.6 MB.", "122.62 MB", "")]
    public void A_figure_is_found_where_an_output_has_it_with_as_many_digits(string prose, string output, string missing)
    {
        using var folder = new TemporaryFolder();
        var cells = NotebookMaker.Make(("1", "csharp"));
        cells["cells"]![0]!["outputs"] = new JsonArray(new JsonObject { ["output_type"] = "stream", ["text"] = output });
        cells["cells"]!.AsArray().Add(new JsonObject { ["cell_type"] = "markdown", ["source"] = prose });
        File.WriteAllText(folder["n.ipynb"], cells.ToJsonString());

        Assert.Equal(missing, string.Join("; ", FiguresInProse.WithoutACell(new NotebookFile(folder["n.ipynb"]))));
    }

    internal static string Section(string name, string heading)
    {
        var prose = string.Join('\n', NotebookFile.Load(name).Cells.Where(cell => (string)cell["cell_type"]! == "markdown")
            .Select(cell => NotebookFile.Text(cell["source"])));
        var after = prose[(prose.IndexOf(heading, StringComparison.Ordinal) + heading.Length)..];
        return after.Split("\n## ")[0].Split("<details>")[0];
    }

    [GeneratedRegex(@"^\d+\. ", RegexOptions.Multiline)]
    private static partial Regex Numbered();
}
