using System.Text.RegularExpressions;
using NotebookKit.Tests.Notebooks.Files;

namespace NotebookKit.Tests;

public sealed partial class HouseTests
{
    [Fact]
    public void The_notebooks_stand_in_the_checkout() => Assert.True(Directory.Exists(Path.Combine(House.Root, "src")));

    /// <summary>
    /// TorchSharp's <c>matmul</c> ends the process on any error, and its <c>baddbmm</c> takes its arguments in another order
    /// than PyTorch's: <c>mm</c>, <c>mv</c>, <c>bmm</c>, <c>linear</c> and <c>einsum</c> do the same, and throw.
    /// </summary>
    [Fact]
    public void Nothing_multiplies_by_what_ends_the_process()
    {
        var sources = Directory.GetFiles(Path.Combine(House.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Where: file, Text: File.ReadAllText(file)));
        var cells = from file in Directory.GetFiles(NotebookFile.Folder, "*.ipynb", SearchOption.AllDirectories)
                    from cell in new NotebookFile(file).CodeCells
                    select (Where: file, Text: NotebookFile.Text(cell["source"]));
        var found = from place in sources.Concat(cells)
                    from line in place.Text.Split('\n')
                    where EndsTheProcess().IsMatch(line)
                    select $"{Path.GetRelativePath(House.Root, place.Where)}: {line.Trim()}";
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("var y = x.matmul(w.t());", true)]
    [InlineData("var y = torch.matmul(x, w);", true)]
    [InlineData("var y = matmul(x, w);", true)]
    [InlineData("var y = a . baddbmm (b, c);", true)]
    [InlineData("var y = x.mm(w.t()); // as Python's matmul", false)]
    [InlineData("var y = x.bmm(w);", false)]
    public void Such_a_line_is_recognised(string line, bool found) => Assert.Equal(found, EndsTheProcess().IsMatch(line));

    [GeneratedRegex(@"\b(matmul|baddbmm)\s*\(")]
    private static partial Regex EndsTheProcess();
}
