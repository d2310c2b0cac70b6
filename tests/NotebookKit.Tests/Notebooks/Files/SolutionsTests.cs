using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>
/// Beside every notebook of the course lies one that solves its exercises by code that runs, and answers its questions; the course
/// itself gives nothing away.
/// </summary>
public sealed partial class SolutionsTests
{
    private const int Questions = 10, MostLines = 30, MedianLines = 6, MostColumns = 100;

    private static string Folder => Path.Combine(NotebookFile.Folder, "solutions");

    public static TheoryData<string> Course() => NotebookFile.Course();

    public static TheoryData<string> Solutions() => new((Directory.Exists(Folder) ? Directory.GetFiles(Folder, "*.ipynb") : [])
        .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Every_notebook_of_the_course_asks_ten_questions_and_keeps_the_solutions_elsewhere(string name)
    {
        var end = After(Prose(NotebookFile.Load(name)), "## Exercises").Split("\n## New words")[0];

        Assert.Contains($"Solutions: [solutions/{name}](solutions/{name}).", end, StringComparison.Ordinal);
        Assert.DoesNotContain("<details>", end, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, Questions), Numbered(CourseTests.Section(name, "## Ten questions")).Select(q => q.Number));
        Assert.True(File.Exists(Path.Combine(Folder, name)), $"notebooks/solutions/{name} is missing");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Solutions))]
    public void Every_exercise_has_a_folded_solution_and_code_below_it(string name)
    {
        var exercises = Numbered(CourseTests.Section(name, "## Exercises")).Select(exercise => exercise.Number);
        var cells = Solved(name).Cells.SkipWhile(cell => !Heading().IsMatch(Source(cell))).ToList();
        var solved = new List<int>();
        foreach (var (i, cell) in cells.Index())
            if (Heading().Match(Source(cell)) is { Success: true } heading)
            {
                Assert.Contains("<details><summary>Solution</summary>\n\n", Source(cell), StringComparison.Ordinal);
                Assert.Equal("code", (string)cells[i + 1]["cell_type"]!);
                solved.Add(int.Parse(heading.Groups[1].Value));
            }

        Assert.Equal(exercises, solved);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Solutions))]
    public void Every_question_is_asked_again_in_the_same_words_and_has_a_folded_answer(string name)
    {
        var answers = After(Prose(Solved(name)), "## Ten questions");

        Assert.Equal(Numbered(CourseTests.Section(name, "## Ten questions")), Numbered(answers));
        Assert.Equal(Questions, Answer().Count(answers));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Solutions))]
    public void A_check_of_the_course_that_the_reader_answers_is_answered(string name)
    {
        if (Prose(NotebookFile.Load(name)).Contains("## Check yourself", StringComparison.Ordinal))
            Assert.Contains("<details><summary>Answers</summary>\n\n", After(Prose(Solved(name)), "## Check yourself"),
                StringComparison.Ordinal);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Solutions))]
    public void It_is_saved_without_outputs_in_small_cells_and_its_links_lead_somewhere(string name)
    {
        var notebook = Solved(name);
        var cells = notebook.CodeCells.Select(cell => Source(cell).Split('\n')).ToList();

        Assert.Equal(((4, 5), ".net-csharp"), (notebook.Format, notebook.Kernel));
        Assert.Empty(notebook.Outputs);
        Assert.All(notebook.CodeCells, cell => Assert.Null(cell["execution_count"]));
        Assert.All(cells, lines => Assert.True(lines.Length <= MostLines, $"{lines.Length} lines: {lines[0]}"));
        Assert.All(cells.SelectMany(lines => lines),
            line => Assert.True(line.Length <= MostColumns, $"{line.Length} columns: {line}"));
        Assert.InRange(cells.Select(lines => lines.Length).Order().ElementAt((cells.Count - 1) / 2), 1, MedianLines);
        Assert.All(notebook.RelativeLinks(), link => Assert.True(File.Exists(Path.Combine(Folder, link)), $"{link} is not there"));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Solutions))]
    public async Task It_runs_at_quick_scale_and_every_check_in_it_holds(string name)
    {
        var (notebook, run) = await ExecutedNotebookTests.RunAsync(Folder, name, quick: true);

        Assert.Null(run.Failure);
        Assert.Empty(run.Skipped);
        Assert.DoesNotContain('✘', string.Concat(notebook.CodeCells.SelectMany(cell => cell.Outputs)
            .Select(output => NotebookFile.Text(output!["data"]?["text/plain"]))));
    }

    private static NotebookFile Solved(string name) => new(Path.Combine(Folder, name));

    private static string Source(JsonNode cell) => NotebookFile.Text(cell["source"]);

    private static string Prose(NotebookFile notebook) =>
        string.Join('\n', notebook.Cells.Where(cell => (string)cell["cell_type"]! == "markdown").Select(Source));

    private static string After(string prose, string heading)
    {
        Assert.Contains(heading, prose, StringComparison.Ordinal);
        return prose[(prose.IndexOf(heading, StringComparison.Ordinal) + heading.Length)..];
    }

    private static List<(int Number, string Text)> Numbered(string prose) =>
        [.. Item().Matches(prose).Select(item => (int.Parse(item.Groups[1].Value), item.Groups[2].Value))];

    [GeneratedRegex(@"^(\d+)\. (.+)$", RegexOptions.Multiline)]
    private static partial Regex Item();

    [GeneratedRegex(@"^## Exercise (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\d+\. .+\n +<details><summary>Answer</summary>\n\n +\S.+\n +</details>", RegexOptions.Multiline)]
    private static partial Regex Answer();
}
