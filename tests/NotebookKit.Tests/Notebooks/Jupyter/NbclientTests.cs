using System.Text.Json.Nodes;
using NotebookKit.Notebooks.Jupyter;
using NotebookKit.Tests.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>Notebooks run by Jupyter's own client, nbclient, with the kit's kernel.</summary>
public sealed class NbclientTests
{
    [Fact]
    public void It_executes_a_notebook_with_the_installed_kernel()
    {
        using var folder = new TemporaryFolder();
        NotebookMaker.Write(folder["three.ipynb"], "var x = 40;\nConsole.WriteLine(\"hello\");",
            "display(\"shown\");\nawait Task.Delay(1);", "x + 2");
        Execute(folder, folder["three.ipynb"], folder.Root);

        var done = JsonNode.Parse(File.ReadAllText(folder["three.ipynb"]))!;
        Assert.Equal("C#", (string?)done["metadata"]!["language_info"]!["name"]);
        Assert.Equal("hello\n", NotebookFile.Text(Output(done, 0)["text"]));
        Assert.Equal("shown", NotebookFile.Text(Output(done, 1)["data"]!["text/plain"]));
        Assert.Equal("42", NotebookFile.Text(Output(done, 2)["data"]!["text/plain"]));
        Assert.Equal(3, (int)done["cells"]![2]!["execution_count"]!);
    }

    /// <summary>The same cells, the same forms of output, the same checks as the runner's.</summary>
    [Fact]
    public void The_first_notebook_says_there_what_it_says_in_the_runner()
    {
        using var folder = new TemporaryFolder();
        var name = Path.GetFileName(Directory.GetFiles(NotebookFile.Folder, "00-*.ipynb").Single());
        File.Copy(Path.Combine(NotebookFile.Folder, name), folder[name]);
        Execute(folder, folder[name], NotebookFile.Folder);

        var (there, here) = (new NotebookFile(folder[name]), NotebookFile.Load(name));
        Assert.Empty(there.Errors);
        Assert.Equal(here.CodeCells.Select(Shape), there.CodeCells.Select(Shape));
        Assert.All(there.Outputs, output => Assert.DoesNotContain("✘", NotebookFile.Text(output["data"]?["text/plain"])));

        static string Shape(JsonNode cell) => string.Join(" | ", cell["outputs"]!.AsArray().Select(output =>
            $"{output!["output_type"]} "
                + $"{string.Join(' ', (output["data"] as JsonObject ?? []).Select(form => form.Key).Order(StringComparer.Ordinal))}"));
    }

    private static JsonNode Output(JsonNode notebook, int cell) => notebook["cells"]![cell]!["outputs"]!.AsArray().Single()!;

    private static void Execute(TemporaryFolder folder, string notebook, string workingFolder)
    {
        KernelSpec.Install(folder["jupyter", "kernels"],
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), "kernel", "serve"]);
        LabPython.Execute(folder, notebook, workingFolder, quick: false); // its checks hold of the whole training
    }
}
