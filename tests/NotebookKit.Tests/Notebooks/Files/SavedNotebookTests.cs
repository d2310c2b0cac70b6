using System.Text.Json.Nodes;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>What a reader meets who opens the committed notebooks without running them.</summary>
public sealed class SavedNotebookTests
{
    private const int LargestFile = 2_000_000;
    private const int LongestCell = 30;

    public static TheoryData<string> Course() => NotebookFile.Course();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void It_is_a_csharp_notebook_of_format_4_5_with_unique_cell_ids(string name)
    {
        var notebook = NotebookFile.Load(name);

        Assert.Equal((4, 5), notebook.Format);
        Assert.Equal(".net-csharp", notebook.Kernel);
        var ids = notebook.Cells.Select(cell => (string)cell["id"]!).ToList();
        Assert.Equal(ids.Distinct(), ids);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Its_outputs_come_from_one_clean_run(string name)
    {
        var notebook = NotebookFile.Load(name);
        var cells = notebook.CodeCells.Where(cell => NotebookFile.Text(cell["source"]).Trim().Length > 0).ToList();

        Assert.Equal(Enumerable.Range(1, cells.Count), cells.Select(cell => (int?)cell["execution_count"] ?? 0));
        Assert.Empty(notebook.Errors);
        Assert.True(notebook.Outputs.Any(), "no cell has an output");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Every_output_shows_something_without_running_a_script(string name)
    {
        foreach (var cell in NotebookFile.Load(name).CodeCells)
            foreach (var output in cell["outputs"]!.AsArray())
                if (output!["data"] is JsonObject data)
                    Assert.True(ShowsWithoutScript(data), $"shows nothing without a script: {NotebookFile.Beginning(cell)}");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void It_teaches_in_small_cells_and_ends_with_exercises_and_new_words(string name)
    {
        var notebook = NotebookFile.Load(name);
        foreach (var cell in notebook.CodeCells)
            Assert.True(NotebookFile.Text(cell["source"]).Split('\n').Length <= LongestCell,
                $"{name} has a cell of more than {LongestCell} lines: {NotebookFile.Beginning(cell)}");

        var prose = string.Join('\n',
            notebook.Cells.Where(cell => (string)cell["cell_type"]! == "markdown").Select(cell => NotebookFile.Text(cell["source"])));
        var at = new[] { "# ", "You will learn", "You need", "## Exercises",
            "## New words" }.Select(part => prose.IndexOf(part, StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(-1, at);
        Assert.Equal(at.Order(), at);
        Assert.Contains(notebook.CodeCells, cell => NotebookFile.Text(cell["source"]).Contains("Check.", StringComparison.Ordinal));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void It_is_small_enough_to_be_read_on_the_web(string name) =>
        Assert.InRange(new FileInfo(Path.Combine(NotebookFile.Folder, name)).Length, 1, LargestFile);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Its_links_and_pictures_exist_in_the_repository(string name)
    {
        foreach (var link in NotebookFile.Load(name).RelativeLinks())
        {
            var target = Path.GetFullPath(Path.Combine(NotebookFile.Folder, link));
            Assert.True(File.Exists(target) || Directory.Exists(target), $"{name} links to {link}, which is not there");
            Assert.False(target.StartsWith(Path.Combine(House.Root, "artifacts"), StringComparison.Ordinal),
                $"{name} links to {link}, which is not committed");
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void It_names_no_path_of_the_machine_that_ran_it(string name)
    {
        var text = Patterns.DataUri().Replace(WithoutPictures(NotebookFile.Load(name)), "");

        Assert.DoesNotMatch(Patterns.MachinePath(), text);
    }

    [Theory]
    [InlineData("text/html", "<div id='a'></div><script>draw('a')</script>", false)]
    [InlineData("text/html", "<svg></svg><script>zoom()</script>", true)]
    [InlineData("text/html", "<p>loss 0.1</p>", true)]
    [InlineData("text/html", "<img src=\"https://example.org/a.png\">", false)]
    [InlineData("image/png", "iVBORw0K", true)]
    [InlineData("application/vnd.plotly.v1+json", "{}", false)]
    public void The_script_check_knows_a_picture_from_a_promise(string type, string content, bool shows) =>
        Assert.Equal(shows, ShowsWithoutScript(new JsonObject { [type] = content }));

    private static bool ShowsWithoutScript(JsonObject data)
    {
        if (data["text/html"] is not { } node)
            return data.Any(pair => pair.Key.StartsWith("image/", StringComparison.Ordinal)
                || pair.Key is "text/plain" or "text/markdown" or "text/latex");
        var html = NotebookFile.Text(node);
        if (Patterns.RemoteSource().IsMatch(html))
            return false;
        var visible = Patterns.Script().Replace(html, "");
        return visible.Contains("<svg", StringComparison.Ordinal)
            || visible.Contains("<img", StringComparison.Ordinal)
            || Patterns.Tag().Replace(visible, "").Trim().Length > 0;
    }

    private static string WithoutPictures(NotebookFile notebook)
    {
        var parts = notebook.Cells.Select(cell => NotebookFile.Text(cell["source"])).ToList();
        foreach (var output in notebook.Outputs)
        {
            parts.Add(NotebookFile.Text(output["text"]));
            if (output["data"] is JsonObject data)
                parts.AddRange(data.Where(pair => !pair.Key.StartsWith("image/", StringComparison.Ordinal))
                    .Select(pair => NotebookFile.Text(pair.Value)));
        }

        return string.Join('\n', parts);
    }
}
