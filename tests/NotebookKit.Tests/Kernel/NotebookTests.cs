using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Kernel;

namespace NotebookKit.Tests.Kernel;

public sealed class NotebookTests
{
    private const string Nbconvert = "/usr/bin/jupyter-nbconvert";

    [Fact]
    public void Nbconvert_executes_a_notebook_with_the_installed_kernelspec()
    {
        Assert.SkipUnless(File.Exists(Nbconvert), "jupyter-nbconvert is not installed");
        var folder = Directory.CreateTempSubdirectory("kit-notebook-").FullName;
        try
        {
            KernelSpec.Install(Path.Combine(folder, "jupyter", "kernels"));
            string[] cells = ["var x = 40;\nConsole.WriteLine(\"hello\");", "display(\"shown\");\nawait Task.Delay(1);", "x + 2"];
            File.WriteAllText(Path.Combine(folder, "three.ipynb"), Notebook(cells).ToJsonString());

            var start = new ProcessStartInfo(Nbconvert, ["--to", "notebook", "--execute", "--output", "done.ipynb", "three.ipynb"])
            {
                WorkingDirectory = folder,
                RedirectStandardError = true,
                Environment = { ["JUPYTER_PATH"] = Path.Combine(folder, "jupyter"), ["HOME"] = folder, ["JUPYTER_RUNTIME_DIR"] = Path.Combine(folder, "run") },
            };
            using var process = Process.Start(start)!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, said);

            var done = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "done.ipynb")))!;
            Assert.Equal("C#", (string?)done["metadata"]!["language_info"]!["name"]);
            Assert.Equal("hello\n", Output(done, 0)["text"]!.AsArray().Single()!.GetValue<string>());
            Assert.Equal("shown", Output(done, 1)["data"]!["text/plain"]!.AsArray().Single()!.GetValue<string>());
            Assert.Equal("42", Output(done, 2)["data"]!["text/plain"]!.AsArray().Single()!.GetValue<string>());
            Assert.Equal(3, (int)done["cells"]![2]!["execution_count"]!);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static JsonNode Output(JsonNode notebook, int cell) => notebook["cells"]![cell]!["outputs"]!.AsArray().Single()!;

    private static JsonObject Notebook(string[] cells) => new()
    {
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
        ["metadata"] = new JsonObject { ["kernelspec"] = new JsonObject { ["name"] = KernelSpec.Name, ["display_name"] = ".NET (C#)", ["language"] = "C#" } },
        ["cells"] = new JsonArray([.. cells.Select((code, i) => JsonSerializer.SerializeToNode(new
        {
            cell_type = "code",
            id = $"c{i}",
            metadata = new { },
            source = code,
            outputs = Array.Empty<object>(),
            execution_count = (int?)null,
        }))]),
    };
}
