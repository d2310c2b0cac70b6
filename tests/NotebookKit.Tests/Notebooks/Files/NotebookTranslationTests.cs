using System.Text.Json.Nodes;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>A translation has the original's code and outputs, and its own prose.</summary>
public sealed class NotebookTranslationTests
{
    [Fact]
    public void Code_and_outputs_come_from_the_original_and_prose_stays()
    {
        var original = Make(Prose("a", "# Rabbits"), Code("b", "var f = \"../data\";", "3"), Prose("c", "End"));
        var translation = Make(Prose("a", "# 兔子", "# Rabbits"), Prose("only", "中文提示词"), Code("b", "old", "2"), Prose("c", "完", "End"));

        var fresh = NotebookTranslation.Refresh(original, translation);

        Assert.Equal(["a", "only", "b", "c"], fresh.Cells.Select(cell => cell.Id));
        Assert.Equal(["# 兔子", "中文提示词", "var f = \"../../data\";", "完"], fresh.Cells.Select(cell => cell.Source));
        Assert.Equal("3", (string?)fresh.Cells[2].Outputs[0]!["text"]);
        Assert.Empty(NotebookTranslation.Stale(original, fresh));
        Assert.Equal(fresh.ToText(), NotebookTranslation.Refresh(original, fresh).ToText());
    }

    [Fact]
    public void A_cell_whose_original_has_changed_is_told()
    {
        var translation = Make(Prose("a", "# 兔子", "# Rabbits"), Prose("c", "完"));

        Assert.Equal(["a", "c", "d"],
            NotebookTranslation.Stale(Make(Prose("a", "# Hares"), Prose("c", "End"), Prose("d", "More")), translation));
    }

    [Fact]
    public void A_cell_that_is_not_translated_is_named()
    {
        var e = Assert.Throws<BadInputException>(() => NotebookTranslation.Refresh(Make(Prose("a", "One"), Prose("b", "Two")),
            Make(Prose("a", "一", "One"))));
        Assert.Contains("'b'", e.Message, StringComparison.Ordinal);
    }

    private static NotebookDocument Make(params JsonObject[] cells)
    {
        using var folder = new TemporaryFolder();
        var notebook = NotebookMaker.Make();
        notebook["cells"] = new JsonArray([.. cells]);
        File.WriteAllText(folder["n.ipynb"], notebook.ToJsonString());
        return NotebookDocument.Load(folder["n.ipynb"]);
    }

    private static JsonObject Prose(string id, string text, string? of = null) => new()
    {
        ["cell_type"] = "markdown",
        ["id"] = id,
        ["source"] = text,
        ["metadata"] = of is null ? new JsonObject() : new JsonObject
        {
            [NotebookTranslation.Field] = NotebookTranslation.Fingerprint(of)
        },
    };

    private static JsonObject Code(string id, string text, string output) => new()
    {
        ["cell_type"] = "code",
        ["id"] = id,
        ["source"] = text,
        ["metadata"] = new JsonObject(),
        ["execution_count"] = 1,
        ["outputs"] = new JsonArray(new JsonObject { ["output_type"] = "stream", ["name"] = "stdout", ["text"] = output }),
    };
}
