using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Tensors;
using NotebookKit.Tests.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>
/// The notebooks in the stock .NET Interactive tool, which is not what the kit ships: they open there, and all but
/// Plotly.NET's charts runs. The F# page is written for it.
/// </summary>
public sealed partial class StockToolTests
{
    private static readonly string Tool = Path.Combine(CacheFolder.Places().First(), "tools", "dotnet-interactive");

    [Theory]
    [InlineData("03-language-drift.ipynb")] // with settings as a cell of JSON
    public void Everything_of_a_notebook_but_its_charts_runs_in_the_stock_tool(string name)
    {
        var (done, saved) = (Execute(Path.Combine(NotebookFile.Folder, name), "csharp"), NotebookFile.Load(name));

        var failed = done.CodeCells.Where(cell => Outputs(cell).Any(output => (string?)output["output_type"] == "error")).ToList();
        Assert.NotEmpty(failed); // when Plotly.NET loads there, design.md and environment.md have to say so
        // A cell that fails tells why.
        Assert.All(failed, cell => Assert.True(Charts().IsMatch(NotebookFile.Text(cell["source"])),
            string.Join(' ', Outputs(cell).Select(output => (string?)output["evalue"] ?? NotebookFile.Text(output["text"])))));
        var forms = done.Outputs.Select(output => output["data"]).OfType<JsonObject>().SelectMany(data => data).ToList();
        Assert.All(forms, form => Assert.NotEqual("", NotebookFile.Text(form.Value)));
        Assert.Equal(Pictures(saved), Pictures(done));
        Assert.Contains(forms, form => form.Key == "text/html"
            && NotebookFile.Text(form.Value).StartsWith("<table>", StringComparison.Ordinal));
        Assert.Contains(forms, form => form.Key == "text/html"
            && NotebookFile.Text(form.Value).Contains("the loss chart is left out", StringComparison.Ordinal));
        var answered = done.CodeCells.Where(cell => !NotebookFile.Text(cell["source"]).Contains("// your", StringComparison.Ordinal));
        Assert.All(answered.SelectMany(Outputs).Select(output => output["data"]).OfType<JsonObject>().SelectMany(data => data),
            form => Assert.DoesNotContain("✘", NotebookFile.Text(form.Value)));
    }

    [Fact]
    public void The_fsharp_page_says_there_what_is_saved_in_it()
    {
        var page = Path.Combine(NotebookFile.Folder, "extras", "lora-maths.ipynb");
        var (done, saved) = (Execute(page, "fsharp"), new NotebookFile(page));

        Assert.Empty(done.Errors);
        Assert.Equal(Said(saved), Said(done));
        Assert.Equal(3, Said(done).Count(text => text.Contains('✔')));

        // Without figures: the last digit may differ between machines.
        static List<string> Said(NotebookFile notebook) =>
            [.. notebook.Outputs.Select(output => NotebookFile.Text(output["data"]?["text/plain"])).Where(text => text.Length > 0)
                .Select(text => string.Concat(text.Where(c => !char.IsDigit(c))))];
    }

    private static int Pictures(NotebookFile notebook) =>
        notebook.Outputs.Count(output => output["data"] is JsonObject data && data.Any(form => form.Key is "image/png" or "image/jpeg"));

    private static IEnumerable<JsonNode> Outputs(JsonNode cell) => cell["outputs"]!.AsArray().Select(output => output!);

    /// <summary>A notebook as the tool leaves it.</summary>
    private static NotebookFile Execute(string notebook, string language)
    {
        Assert.SkipUnless(File.Exists(Tool), "the .NET Interactive tool is not in the cache folder's tools");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["jupyter", "kernels", ".net-" + language]);
        File.WriteAllText(folder["jupyter", "kernels", ".net-" + language, "kernel.json"], JsonSerializer.Serialize(new
        {
            // Without the switch it listens on every address.
            argv = new[] { Tool, "jupyter", "--default-kernel", language, "--http-local-only", "{connection_file}" },
            display_name = language,
            language,
            env = new { DOTNET_INTERACTIVE_CLI_TELEMETRY_OPTOUT = "1" },
        }));
        File.Copy(notebook, folder["n.ipynb"]);
        try
        {
            LabPython.Execute(folder, folder["n.ipynb"], Path.GetDirectoryName(notebook)!, allowErrors: true);
            return new NotebookFile(folder["n.ipynb"]);
        }
        finally
        {
            EndWhatWasLeft(folder.Root);
        }
    }

    /// <summary>The tool does not always end with its notebook. Its command line names the connection file, which lies in the
    /// folder.</summary>
    private static void EndWhatWasLeft(string folder)
    {
        foreach (var process in OperatingSystem.IsLinux() ? Process.GetProcesses() : [])
        {
            using (process)
            {
                if (CommandLine(process.Id).Contains(folder, StringComparison.Ordinal))
                    process.Kill(entireProcessTree: true);
            }
        }

        static string CommandLine(int id)
        {
            try
            {
                return File.ReadAllText($"/proc/{id}/cmdline");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return ""; // ended meanwhile, or not ours
            }
        }
    }

    // Plotly.NET's own, or a scoreboard's.
    [GeneratedRegex(@"\bChart\.|\.Chart\(")]
    private static partial Regex Charts();
}
