using System.Text.Json.Nodes;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>Notebooks executed without a front end.</summary>
public sealed class NotebookRunnerTests
{
    [Fact]
    public async Task Outputs_land_in_their_cells_as_Jupyter_writes_them()
    {
        var (done, run) = await Run(
            [("var x = 40;\nConsole.Write(\"a\"); Console.WriteLine(\"b\\nc\"); Console.Error.Write(\"d\");", "csharp"), ("", "csharp"),
                ("display(\"shown\");\nx + 2", "csharp"), ("<b>x</b>", "html")]);
        Assert.Equal((3, null), (run.Cells, run.Failure));
        Assert.Equal([1, null, 2, 3], done["cells"]!.AsArray().Select(cell => (int?)cell!["execution_count"]));
        Assert.Equal("""[{"name":"stdout","output_type":"stream","text":["ab\n","c\n"]},{"name":"stderr","output_type":"stream","text":["d"]}]""", Outputs(done, 0).ToJsonString());
        Assert.Equal("""[{"data":{"text/plain":["shown"]},"metadata":{},"output_type":"display_data"},{"data":{"text/plain":["42"]},"execution_count":2,"metadata":{},"output_type":"execute_result"}]""", Outputs(done, 2).ToJsonString());
        Assert.Equal("<b>x</b>", NotebookFile.Text(Outputs(done, 3)[0]!["data"]!["text/html"]));
    }

    [Fact]
    public async Task An_update_changes_the_output_where_it_stands_also_from_a_later_cell()
    {
        var (done, _) = await Run([("var d = display(\"before\"); display(\"other\");", "csharp"), ("d.Update(\"after\");", "csharp")]);
        Assert.Equal(["after", "other"], Outputs(done, 0).Select(output => NotebookFile.Text(output!["data"]!["text/plain"])));
        Assert.Empty(Outputs(done, 1));
    }

    [Fact]
    public async Task A_failing_cell_ends_the_run_with_its_number_its_line_and_the_reason_and_what_ran_is_kept()
    {
        var (done, run) = await Run([("1", "csharp"), ("var a = 1;\nthrow new InvalidOperationException(\"no rabbit\");", "csharp"),
            ("2", "csharp")]);
        Assert.Contains("code cell 2 failed", run.Failure);
        Assert.Contains("InvalidOperationException: no rabbit", run.Failure);
        Assert.Contains("cell 2, line 2", run.Failure);
        Assert.Equal([1, 2, null], done["cells"]!.AsArray().Select(cell => (int?)cell!["execution_count"]));
        Assert.Equal("error", (string?)Outputs(done, 1).Single()!["output_type"]);

        var (_, compiled) = await Run([("var a = 1;\nvar b = nowhere;", "csharp")]);
        Assert.Contains("cell 1, line 2", compiled.Failure);
        Assert.Contains("CS0103: The name 'nowhere' does not exist", compiled.Failure);
    }

    [Fact]
    public async Task A_cell_of_a_language_that_is_not_at_hand_keeps_its_output_and_is_named()
    {
        var notebook = NotebookMaker.Make(("let x = 1", "fsharp"), ("3", "csharp"));
        notebook["cells"]![0]!["outputs"] = new JsonArray(new JsonObject
        {
            ["output_type"] = "stream",
            ["name"] = "stdout",
            ["text"] = "saved"
        });
        var (done, run) = await Run(notebook);
        Assert.Equal(["cell 1 (fsharp)"], run.Skipped);
        Assert.Equal("saved", NotebookFile.Text(Outputs(done, 0).Single()!["text"]));
        Assert.Equal(1, run.Cells);
    }

    [Fact]
    public async Task A_cell_that_takes_too_long_is_stopped_and_told()
    {
        var (_, run) = await Run(NotebookMaker.Make(("while (true) { }", "csharp")),
            new NotebookRunner { Timeout = TimeSpan.FromSeconds(0.5) });
        Assert.Contains("longer than 0.5 s", run.Failure);
    }

    [Fact]
    public async Task A_stop_that_comes_just_before_a_cell_begins_is_heard()
    {
        using var stop = new CancellationTokenSource();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["n.ipynb"], NotebookMaker.Make(("while (true) { }", "csharp")).ToJsonString());
        // Said after it was looked whether the run goes on, and before the engine has begun the cell.
        var runner = new NotebookRunner { CellStarts = (_, _) => stop.Cancel() };
        var run = await runner.RunAsync(NotebookDocument.Load(folder["n.ipynb"]), folder.Root, stop.Token)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken); // an unheard stop never ends
        Assert.True(run.Stopped);
        Assert.Null(run.Failure);
    }

    [Fact]
    public async Task Stopping_interrupts_the_running_cell_and_runs_no_other()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["n.ipynb"],
            NotebookMaker.Make(("Console.Write(\"begun\"); while (true) { }", "csharp"), ("2", "csharp")).ToJsonString());
        var notebook = NotebookDocument.Load(folder["n.ipynb"]);
        var run = await new NotebookRunner().RunAsync(notebook, folder.Root, stop.Token);
        Assert.True(run.Stopped);
        Assert.Null(run.Failure);
        Assert.Equal([1, null], notebook.CodeCells.Select(cell => cell.ExecutionCount));
    }

    [Fact]
    public async Task A_cell_that_prints_without_end_makes_no_file_without_end()
    {
        var (done, _) = await Run([("for (var i = 0; i < 100000; i++) Console.WriteLine(\"a line of text\");", "csharp")]);
        Assert.InRange(done.ToJsonString().Length, 100_000, 200_000);
        Assert.Contains("is left out", NotebookFile.Text(Outputs(done, 0).Single()!["text"]));
    }

    [Fact]
    public async Task Times_are_noted_only_when_asked_for()
    {
        var (plain, _) = await Run([("1", "csharp")]);
        Assert.Null(plain["cells"]![0]!["metadata"]!["execution"]);
        var (timed, _) = await Run(NotebookMaker.Make(("1", "csharp")), new NotebookRunner { RecordTimes = true });
        Assert.NotNull(timed["cells"]![0]!["metadata"]!["execution"]!["shell.execute_reply"]);
    }

    private static JsonArray Outputs(JsonNode notebook, int cell) => notebook["cells"]![cell]!["outputs"]!.AsArray();

    private static Task<(JsonNode Done, NotebookRun Run)> Run((string Code, string Language)[] cells) => Run(NotebookMaker.Make(cells));

    private static async Task<(JsonNode Done, NotebookRun Run)> Run(JsonObject made, NotebookRunner? runner = null)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["n.ipynb"], made.ToJsonString());
        var notebook = NotebookDocument.Load(folder["n.ipynb"]);
        var run = await (runner ?? new NotebookRunner()).RunAsync(notebook, folder.Root);
        return (JsonNode.Parse(notebook.ToText())!, run);
    }
}
