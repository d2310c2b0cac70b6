using System.Text.Json.Nodes;
using System.Xml.Linq;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>Flow charts on a page without Mermaid's script.</summary>
public sealed class MermaidFlowTests
{
    private const string Chart = "flowchart LR\n  a[your words] --> b --> c(\"states & <more>\") -->|20 times| d{UNet}\n  noise --> d\n";

    [Fact]
    public void Boxes_stand_in_the_order_of_their_arrows_and_a_beginning_beside_what_it_leads_to()
    {
        var drawn = XElement.Parse(MermaidFlow.Draw(Chart)!);
        var left = drawn.Elements("text").Where(text => text.Attribute("font-size") is null).ToDictionary(text => text.Value,
            text => (double)text.Attribute("x")!);

        Assert.Equal(["UNet", "b", "noise", "states & <more>", "your words"], left.Keys.Order(StringComparer.Ordinal));
        Assert.True(left["your words"] < left["b"] && left["b"] < left["states & <more>"] && left["states & <more>"] < left["UNet"]);
        Assert.Equal(left["states & <more>"], left["noise"]);
        Assert.Equal(4, drawn.Elements("path").Count());
        Assert.Equal("20 times", drawn.Elements("text").Single(text => text.Attribute("font-size") is not null).Value);
        Assert.Equal("your words to b; b to states & <more>; states & <more> to UNet; noise to UNet",
            (string?)drawn.Attribute("aria-label"));
    }

    [Theory]
    [InlineData("flowchart TD\n  a --> b")]
    [InlineData("sequenceDiagram\n  a->>b: hello")]
    [InlineData("flowchart LR\n  a --> b --> a")]
    [InlineData("flowchart LR\n  subgraph one\n  a --> b\n  end")]
    [InlineData("flowchart LR\n  a -.-> b")]
    [InlineData("flowchart LR")]
    public void What_it_cannot_read_stays_as_code(string source)
    {
        using var folder = new TemporaryFolder();
        Assert.Null(MermaidFlow.Draw(source));
        Assert.Contains("<code class=\"language-mermaid\">", Page(folder, source));
    }

    [Fact]
    public void A_page_shows_a_flow_chart_as_a_drawing()
    {
        using var folder = new TemporaryFolder();
        var page = Page(folder, Chart);
        Assert.Contains("<svg class=\"flow\"", page);
        Assert.DoesNotContain("language-mermaid", page);
    }

    private static string Page(TemporaryFolder folder, string source)
    {
        var cell = new JsonObject
        {
            ["cell_type"] = "markdown",
            ["id"] = "m",
            ["metadata"] = new JsonObject(),
            ["source"] = $"```mermaid\n{source}\n```"
        };
        File.WriteAllText(folder["n.ipynb"], new JsonObject
        {
            ["cells"] = new JsonArray(cell),
            ["metadata"] = new JsonObject(),
            ["nbformat"] = 4,
            ["nbformat_minor"] = 5
        }.ToJsonString());
        return NotebookPage.Render(NotebookDocument.Load(folder["n.ipynb"]));
    }
}
