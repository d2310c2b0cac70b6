using System.Text.Json.Nodes;
using NotebookKit.Notebooks;
using NotebookKit.Tests.Notebooks.Jupyter;

namespace NotebookKit.Tests.Notebooks.Engine;

/// <summary>Cells run by a kernel process, seen through its sockets.</summary>
public sealed class CellTests(KernelClient kernel) : IClassFixture<KernelClient>
{
    [Fact]
    public void A_variable_lives_on_in_later_cells()
    {
        kernel.Run("var answer = 40; int Twice(int x) => 2 * x; record Rabbit(string Name);");
        Assert.Equal("84", kernel.Run("answer += 2; Twice(answer)").Result());
        Assert.Equal("Rabbit { Name = Tuft }", kernel.Run("new Rabbit(\"Tuft\")").Result());
    }

    [Fact]
    public void Only_a_trailing_expression_with_a_value_is_shown()
    {
        Assert.Equal("3", kernel.Run("1 + 2").Result());
        Assert.Null(kernel.Run("var silence = 1 + 2;").Result());
        Assert.Null(kernel.Run("(string)null").Result());
    }

    [Fact]
    public void A_cell_may_await() =>
        Assert.Equal("7", kernel.Run("await Task.Delay(5); var later = await Task.FromResult(7); later").Result());

    [Fact]
    public void A_cell_that_blocks_on_its_own_task_does_not_wait_for_itself() =>
        Assert.Equal("5", kernel.Run("async Task<int> Five() { await Task.Delay(1); await Task.Yield(); return 5; }\nFive().Result")
            .Result());

    [Fact]
    public void What_a_cell_prints_arrives_while_it_runs()
    {
        var id = kernel.SendCell(
            """
            using System.Threading;
            var start = Environment.TickCount64;
            Console.Write("early");
            Console.Error.Write("warning");
            while (!File.Exists("/tmp/never-there") && Environment.TickCount64 - start < 1500) Thread.Sleep(5);
            """);
        Assert.Equal("early", kernel.Await(id, "stream").Content.Text("text"));
        Assert.Null(kernel.ReceiveShell(200));
        Assert.Equal("ok", kernel.Finish(id).Status);
    }

    [Fact]
    public void What_other_threads_print_belongs_to_the_running_cell() =>
        Assert.Equal("from the pool\n", kernel.Run("await Task.Run(() => Console.WriteLine(\"from the pool\"));").Printed());

    [Fact]
    public void An_exception_names_its_cell_and_line_and_not_the_engine()
    {
        var outcome = kernel.Run("int Divide(int a, int b)\n{\n    return a / b;\n}\nDivide(1, 0)");
        var count = (int)outcome.Reply["execution_count"]!;
        Assert.Equal("DivideByZeroException", outcome.Reply.Text("ename"));
        Assert.Contains($"cell {count}, line 3\e[0m, in Divide: return a / b;", outcome.Traceback);
        Assert.Contains($"cell {count}, line 5\e[0m: Divide(1, 0)", outcome.Traceback);
        Assert.DoesNotContain("Submission#", outcome.Traceback);
        Assert.DoesNotContain("CodeAnalysis", outcome.Traceback);
        Assert.Contains(outcome.Messages, m => m.Type == "error");
    }

    [Fact]
    public void An_error_of_the_kit_names_the_cells_line_and_nothing_of_the_kits_insides()
    {
        var folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var outcome = kernel.Run($"#r \"{folder}/NotebookKit.dll\"\nvar one = 1;\nNotebookKit.Images.RgbImage.Load(\"nowhere.png\")");
        Assert.Equal("BadInputException", outcome.Reply.Text("ename"));
        Assert.Contains("nowhere.png", outcome.Reply.Text("evalue"));
        Assert.Contains(", line 3", outcome.Traceback);
        Assert.DoesNotContain("  \e[2min ", outcome.Traceback);
    }

    [Fact]
    public void An_error_of_libtorch_is_told_without_its_native_stack()
    {
        kernel.Run("var native = \"shapes cannot be multiplied (2x3 and 4x5)\\nException raised from meta at "
            + "LinearAlgebra.cpp:200\\nframe #0: c10::Error\";");
        var outcome = kernel.Run("throw new System.Runtime.InteropServices.ExternalException(native);");
        Assert.Equal("shapes cannot be multiplied (2x3 and 4x5)", outcome.Reply.Text("evalue"));
        Assert.DoesNotContain("frame #0", outcome.Traceback);
    }

    [Fact]
    public void A_cell_that_throws_keeps_what_it_had_assigned()
    {
        Assert.Equal("error", kernel.Run("var kept = 11; throw new InvalidOperationException(\"no\");").Status);
        Assert.Equal("11", kernel.Run("kept").Result());
    }

    [Fact]
    public void A_cell_that_does_not_compile_points_at_the_fault_and_leaves_no_trace()
    {
        var outcome = kernel.Run("var ghost = 1;\nghost = nowhere;");
        Assert.Equal("CompilationError", outcome.Reply.Text("ename"));
        Assert.Contains("CS0103", outcome.Traceback);
        Assert.Contains("ghost = nowhere;\n    " + new string(' ', 8) + "\e[31m^^^^^^^", outcome.Traceback);
        Assert.Contains("'ghost' does not exist", kernel.Run("ghost").Traceback);
    }

    [Fact]
    public void Cells_sent_before_an_error_was_known_do_not_run()
    {
        var ids = new[] { "await Task.Delay(300); throw new Exception(\"first\");", "Console.Write(\"second\");",
            "3" }.Select(code => kernel.SendCell(code)).ToList();
        Assert.Equal("error", kernel.Finish(ids[0]).Status);
        foreach (var id in ids.Skip(1))
        {
            var outcome = kernel.Finish(id);
            Assert.Equal("aborted", outcome.Status);
            Assert.Equal("", outcome.Printed());
        }

        Assert.Equal("4", kernel.Run("4").Result());
    }

    [Fact]
    public void A_silent_cell_shows_nothing_and_does_not_count()
    {
        var before = (int)kernel.Run("1").Reply["execution_count"]!;
        var silent = kernel.Run("2", silent: true);
        Assert.DoesNotContain(silent.Messages, m => m.Type is "execute_result" or "execute_input");
        Assert.Equal(before + 1, (int)kernel.Run("3").Reply["execution_count"]!);
    }

    [Fact]
    public void A_display_can_be_updated()
    {
        var outcome = kernel.Run("var shown = display(\"before\"); shown.Update(\"after\");");
        var (first, second) = (outcome.Messages.Single(m => m.Type == "display_data"),
            outcome.Messages.Single(m => m.Type == "update_display_data"));
        Assert.Equal("before", (string?)first.Content["data"]!["text/plain"]);
        Assert.Equal("after", (string?)second.Content["data"]!["text/plain"]);
        Assert.Equal((string?)first.Content["transient"]!["display_id"], (string?)second.Content["transient"]!["display_id"]);
    }

    [Fact]
    public void A_type_brings_its_own_formatters_by_a_name_alone()
    {
        var outcome = kernel.Run("""
            class TypeFormatterSourceAttribute(Type source) : Attribute
            {
                public Type FormatterSourceType => source;
                public string[] PreferredMimeTypes { get; set; } = ["text/html"];
            }
            class Formatters { public IEnumerable<object> CreateTypeFormatters() { yield return new Bold(); } }
            class Bold
            {
                public string MimeType => "text/html";
                public bool Format(object value, TextWriter writer) { writer.Write($"<b>{((Word)value).Text}</b>"); return true; }
            }
            [TypeFormatterSource(typeof(Formatters))] class Word { public string Text = "rich"; }
            new Word()
            """);
        Assert.Equal("<b>rich</b>", outcome.Result("text/html"));
    }

    [Fact]
    public void A_library_beside_the_notebook_is_referenced_by_a_relative_path()
    {
        var folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var outcome = kernel.Run($$"""
            #r "{{folder}}/NotebookKit.dll"
            using NotebookKit.Charts;
            using NotebookKit.Display;
            Check.That(true, "seen by the kernel");
            new DisplayTable(["a"], [[1]])
            """);
        Assert.Equal("", outcome.Traceback);
        Assert.Equal("✔ seen by the kernel",
            (string?)outcome.Messages.Single(m => m.Type == "display_data").Content["data"]!["text/plain"]);
        Assert.StartsWith("<table", outcome.Result("text/html"));
    }

    [Fact]
    public void Charts_are_written_in_cells_with_the_packages_beside_the_library()
    {
        var folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var first = kernel.Run($$"""
            #r "{{folder}}/NotebookKit.dll"
            #r "{{folder}}/Plotly.NET.dll"
            #r "{{folder}}/Plotly.NET.CSharp.dll"
            #r "{{folder}}/XPlot.Plotly.dll"
            using NotebookKit.Charts;
            using Plotly.NET.CSharp;
            """);
        Assert.Equal("", first.Traceback);
        var plotly = kernel.Run("Chart.Line<int, double, string>(new[] { 1, 2 }, new[] { 0.5, 0.25 })");
        Assert.StartsWith("<svg", plotly.Result("text/html"));
        Assert.StartsWith("{", plotly.Result("application/vnd.plotly.v1+json"));
        var xplot = kernel.Run("XPlot.Plotly.Chart.Line(new[] { 1.0, 2.0, 1.5 })");
        Assert.StartsWith("<svg", xplot.Result("text/html"));
        Assert.StartsWith("{", xplot.Result("application/vnd.plotly.v1+json"));
    }

    [Fact]
    public void A_magic_that_is_not_known_is_named_and_those_of_the_engine_work()
    {
        Assert.Contains("#!mermaid", kernel.Run("#!mermaid\ngraph TD").Reply.Text("evalue"));
        Assert.Equal("2", kernel.Run("#!csharp\n1 + 1").Result());
        Assert.StartsWith("Wall time: ",
            (string?)kernel.Run("#!time\nvar timed = 1;").Messages.Single(m => m.Type == "display_data").Content["data"]!["text/plain"]);
        Assert.Equal("<b>x</b>",
            (string?)kernel.Run("#!html\n<b>x</b>").Messages.Single(m => m.Type == "display_data").Content["data"]!["text/html"]);
    }

    [Fact]
    public void A_value_cell_hands_its_settings_to_CSharp()
    {
        kernel.Run("#!value --name settings\n{ \"rank\": 4 }");
        Assert.Equal("4", kernel.Run("#!set --name text --value "
            + "@value:settings\nSystem.Text.Json.JsonDocument.Parse(text.ToString()).RootElement.GetProperty(\"rank\").GetInt32()")
            .Result());
    }

    [Fact]
    public void Reading_a_line_fails_plainly_where_nobody_can_be_asked() =>
        Assert.Contains("Nobody can be asked", kernel.Run("Console.ReadLine()").Reply.Text("evalue"));

    [Fact]
    public void Completion_knows_variables_of_earlier_cells_and_members()
    {
        kernel.Run("var rabbits = new List<string>();");
        Assert.Contains("rabbits", Matches("rabb"));
        var members = Matches("var n = 1; rabbits.Ad");
        Assert.Contains("Add", members);
        Assert.DoesNotContain("Count", members);
        Assert.Contains("Select", Matches("rabbits.Sel"));
        Assert.Contains("WriteLine", Matches("Console.Wri"));

        List<string?> Matches(string code) =>
            kernel.Ask("complete_request", new JsonObject { ["code"] = code, ["cursor_pos"] = code.Length })["matches"]!.AsArray()
                .Select(m => (string?)m).ToList();
    }

    [Fact]
    public void Inspection_shows_a_signature()
    {
        var reply = kernel.Ask("inspect_request",
            new JsonObject { ["code"] = "Math.Clamp(1, 2, 3)", ["cursor_pos"] = 7, ["detail_level"] = 0 });
        Assert.True((bool)reply["found"]!);
        Assert.Contains("Math.Clamp(int value, int min, int max)", (string?)reply["data"]!["text/plain"]);
    }

    [Theory]
    [InlineData("1 + 1", "complete")]
    [InlineData("for (var i = 0; i < 3; i++) {", "incomplete")]
    [InlineData("var = ;", "invalid")]
    public void Whether_a_cell_is_complete_is_told(string code, string status) =>
        Assert.Equal(status, kernel.Ask("is_complete_request", new JsonObject { ["code"] = code }).Text("status"));
}
