using NotebookKit.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>Notebooks as files.</summary>
public sealed class NotebookDocumentTests
{
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(NotebookFile.Course), MemberType = typeof(NotebookFile))]
    public void A_notebook_is_written_as_it_was_read(string name)
    {
        var path = Path.Combine(NotebookFile.Folder, name);
        Assert.Equal(File.ReadAllText(path), NotebookDocument.Load(path).ToText());
    }

    [Theory]
    [InlineData("", "JSON breaks off")]
    [InlineData("{\"nbformat\": 4, \"cells\": [", "JSON breaks off")]
    [InlineData("{}", "no field nbformat")]
    [InlineData("{\"nbformat\": 3}", "nbformat is 3")]
    [InlineData("{\"nbformat\": 4, \"cells\": 1}", "cells")]
    [InlineData("{\"nbformat\": 4, \"cells\": [{}]}", "cells")]
    public void What_is_no_notebook_is_refused_in_one_sentence(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["n.ipynb"], text);
        var message = Assert.Throws<BadInputException>(() => NotebookDocument.Load(folder["n.ipynb"])).Message;
        Assert.Contains(reason, message);
        Assert.StartsWith(folder["n.ipynb"], message);
    }

    [Fact]
    public void A_setting_replaces_the_value_in_sight()
    {
        using var folder = new TemporaryFolder();
        NotebookMaker.Write(folder["n.ipynb"], "var rank = 8; const double rate = -1e-4;",
            "string name = \"zwx\"; var quick = false; var sum = rank + 1;");
        var notebook = NotebookDocument.Load(folder["n.ipynb"]);
        CellSettings.Set(notebook, "rank", "4");
        CellSettings.Set(notebook, "rate", "3e-4");
        CellSettings.Set(notebook, "name", "a \"b\"");
        CellSettings.Set(notebook, "quick", "true");
        Assert.Equal(["var rank = 4; const double rate = 3e-4;", "string name = \"a \\\"b\\\"\"; var quick = true; var sum = rank + 1;"],
            notebook.CodeCells.Select(cell => cell.Source));
        Assert.Contains("did you mean rank", Assert.Throws<BadInputException>(() => CellSettings.Set(notebook, "rnk", "1")).Message);
        Assert.Contains("computes it", Assert.Throws<BadInputException>(() => CellSettings.Set(notebook, "sum", "1")).Message);
        Assert.Contains("a number is wanted",
            Assert.Throws<BadInputException>(() => CellSettings.Set(notebook, "rank", "Console.Write(1)")).Message);
        Assert.Contains("true or false", Assert.Throws<BadInputException>(() => CellSettings.Set(notebook, "quick", "1")).Message);
    }

    [Fact]
    public void A_page_needs_no_script_and_fetches_nothing()
    {
        using var folder = new TemporaryFolder();
        NotebookMaker.Write(folder["n.ipynb"], "var rank = 8; // <b>");
        var page = NotebookPage.Render(NotebookDocument.Load(folder["n.ipynb"]));
        Assert.Contains("<span class=\"k\">var</span> rank = <span class=\"n\">8</span>", page);
        Assert.Contains("// &lt;b&gt;", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotMatch(Patterns.RemoteSource(), page);
    }

    [Theory]
    [InlineData(@"\Delta W = \frac{\alpha}{r} B A", "Δ W = α/r B A")]
    [InlineData(@"\sqrt{\bar\alpha_t} x_0", "√(α\u0304<sub>t</sub>) x<sub>0</sub>")]
    [InlineData(@"\sum_{i=1}^{n} \sigma_i^2 \le 1", "∑<sub>i=1</sub><sup>n</sup> σ<sub>i</sub><sup>2</sup> ≤ 1")]
    [InlineData(@"a < b \unknown{c}", "a &lt; b unknownc")]
    public void A_formula_reads_as_text_without_a_script(string latex, string html) => Assert.Equal(html, FormulaText.Of(latex));
}
