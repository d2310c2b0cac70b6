using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Markdig;

namespace NotebookKit.Notebooks.Files;

/// <summary>
/// A notebook as one HTML page: no script, nothing fetched, light or dark as the reader's screen, narrow or wide. Of an
/// output's forms it takes the richest that needs no script.
/// </summary>
public static partial class NotebookPage
{
    private static readonly MarkdownPipeline Markdown = new MarkdownPipelineBuilder().UsePipeTables().UseEmphasisExtras()
        .UseAutoIdentifiers().UseTaskLists().UseMathematics().UseAutoLinks().Build();

    /// <summary>Draws it.</summary>
    /// <param name="notebook">The notebook with its outputs.</param>
    public static string Render(NotebookDocument notebook)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + "content=\"width=device-width,initial-scale=1\">");
        page.Append(CultureInfo.InvariantCulture,
            $"<title>{WebUtility.HtmlEncode(TitleOf(notebook))}</title><style>{PageStyle.Css}</style></head><body><main>\n");
        foreach (var cell in notebook.Cells)
        {
            if (cell.IsMarkdown)
                page.Append("<section class=\"prose\">").Append(Prose(cell.Source)).Append("</section>\n");
            else if (cell.IsCode)
                Code(page, cell);
        }

        return page.Append("</main></body></html>\n").ToString();
    }

    private static string TitleOf(NotebookDocument notebook) =>
        notebook.Cells.Where(cell => cell.IsMarkdown).SelectMany(cell => cell.Source.Split('\n'))
            .FirstOrDefault(line => line.StartsWith("# ", StringComparison.Ordinal))?[2..] ?? notebook.Name;

    /// <summary>Markdown as HTML; chapters link to their pages, formulas are text, Mermaid's flow charts are drawn.</summary>
    private static string Prose(string markdown)
    {
        var html = Markdig.Markdown.ToHtml(markdown, Markdown);
        html = Formula().Replace(html,
            formula => $"<{formula.Groups[1].Value} class=\"math\">{FormulaText.Of(formula.Groups[2].Value)}</{formula.Groups[1].Value}>");
        html = MermaidBlock().Replace(html, block => MermaidFlow.Draw(WebUtility.HtmlDecode(block.Groups[1].Value)) is { } drawn
            ? $"<div class=\"out\">{drawn}</div>" : block.Value);
        return ChapterLink().Replace(html, "$1.html");
    }

    private static void Code(StringBuilder page, NotebookCell cell)
    {
        var number = cell.ExecutionCount is { } count ? count.ToString(CultureInfo.InvariantCulture) : "&nbsp;";
        page.Append(CultureInfo.InvariantCulture,
            $"<section class=\"cell\"><div class=\"code\"><span class=\"count\">[{number}]</span><pre><code>");
        page.Append(cell.Language == Engine.NotebookEngine.CSharp ? CodeColours.Of(cell.Source) : WebUtility.HtmlEncode(cell.Source))
            .Append("</code></pre></div>\n");
        foreach (var output in cell.Outputs)
            if (output is JsonObject o)
                Output(page, o);
        page.Append("</section>\n");
    }

    private static void Output(StringBuilder page, JsonObject output)
    {
        switch (output.Text("output_type"))
        {
            case "stream":
                Text(page, NotebookText.Join(output["text"]), output.Text("name") == "stderr" ? "stderr" : "text");
                break;
            case "error":
                Text(page, Colour().Replace(string.Join('\n', (output["traceback"] as JsonArray ?? []).Select(line => (string?)line)), ""),
                    "error");
                break;
            case "display_data" or "execute_result" when output["data"] is JsonObject data:
                if (data["text/html"] is { } html)
                    page.Append("<div class=\"out\">").Append(NotebookText.Join(html)).Append("</div>\n");
                else if (data["image/svg+xml"] is { } svg)
                    page.Append("<div class=\"out\">").Append(NotebookText.Join(svg)).Append("</div>\n");
                else if (data.FirstOrDefault(form => form.Key is "image/png" or "image/jpeg") is { Key: { } type, Value: { } picture })
                    page.Append(CultureInfo.InvariantCulture, $"<div class=\"out\"><img "
                        + $"src=\"data:{type};base64,{NotebookText.Join(picture).Replace("\n", "", StringComparison.Ordinal)}\" "
                        + $"alt=\"{WebUtility.HtmlEncode(NotebookText.Join(data["text/plain"]))}\"></div>\n");
                else if (data["text/markdown"] is { } markdown)
                    page.Append("<div class=\"out prose\">").Append(Prose(NotebookText.Join(markdown))).Append("</div>\n");
                else
                    Text(page, NotebookText.Join(data["text/plain"]), "text");
                break;
        }
    }

    // Long output is folded after its first lines.
    private static void Text(StringBuilder page, string text, string kind)
    {
        const int Shown = 40;
        if (text.Length == 0)
            return;
        var lines = text.Split('\n');
        if (lines.Length > Shown + 10)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<pre class=\"out {kind}\">{WebUtility.HtmlEncode(string.Join('\n', lines[..Shown]))}</pre>");
            page.Append(CultureInfo.InvariantCulture, $"<details><summary>{lines.Length - Shown} more lines</summary><pre class=\"out "
                + $"{kind}\">{WebUtility.HtmlEncode(string.Join('\n', lines[Shown..]))}</pre></details>\n");
        }
        else
        {
            page.Append(CultureInfo.InvariantCulture, $"<pre class=\"out {kind}\">{WebUtility.HtmlEncode(text)}</pre>\n");
        }
    }

    [GeneratedRegex("""<(span|div) class="math">\\[(\[]\s*(.*?)\s*\\[)\]]</\1>""", RegexOptions.Singleline)]
    private static partial Regex Formula();

    [GeneratedRegex("""<pre><code class="language-mermaid">(.*?)</code></pre>""", RegexOptions.Singleline)]
    private static partial Regex MermaidBlock();

    [GeneratedRegex("""(href="[^":/]+)\.ipynb""")]
    private static partial Regex ChapterLink();

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Colour();
}
