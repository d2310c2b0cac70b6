using System.Globalization;
using NotebookKit.Kernel.Cells;
using NotebookKit.Kernel.Values;

namespace NotebookKit.Tests.Kernel;

public sealed class ValueFormatTests
{
    private sealed record Photo(string Name, double Score);

    public static TheoryData<object?, string> Texts => new()
    {
        { "plain", "plain" },
        { 0.1f, "0.1" },
        { 1234.5, "1234.5" },
        { true, "true" },
        { (1, "a", 2.5), "(1, \"a\", 2.5)" },
        { new { A = 1.5, B = "x" }, "{ A = 1.5, B = \"x\" }" },
        { new Photo("p", 0.5), "Photo { Name = \"p\", Score = 0.5 }" },
        { new[] { 1, 2, 3 }, "[1, 2, 3]" },
        { new List<string> { "a", "b" }, "[\"a\", \"b\"]" },
        { new Dictionary<string, int> { ["a"] = 1 }, "{ \"a\": 1 }" },
        { Enumerable.Range(0, 25).ToArray(), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, … (5 more)]" },
        { new float[2, 3], "float[2, 3]" },
        { typeof(Dictionary<string, int?>), "Dictionary<string, int?>" },
        { DayOfWeek.Monday, "Monday" },
    };

    [Theory, MemberData(nameof(Texts), DisableDiscoveryEnumeration = true)]
    public void A_value_reads_as_CSharp_would_write_it(object? value, string text) => Assert.Equal(text, PlainText.Of(value));

    [Fact]
    public void The_machines_culture_changes_nothing()
    {
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal("Photo { Name = \"p\", Score = 0.5 }", PlainText.Of(new Photo("p", 0.5)));
            Assert.Equal("[0.5, 1.5]", PlainText.Of(new[] { 0.5, 1.5 }));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void An_endless_sequence_is_cut()
    {
        static IEnumerable<int> Endless()
        {
            for (var i = 0; ; i++)
                yield return i;
        }

        Assert.EndsWith("19, … (more)]", PlainText.Of(Endless()));
        Assert.Null(HtmlTable.Of(Endless()));
    }

    [Fact]
    public void Records_become_a_table_whose_text_is_escaped()
    {
        var html = ValueFormat.Bundle(new[] { new Photo("<a>", 0.5), new Photo("b", 1) })["text/html"];
        Assert.Equal("<table><thead><tr><th>Name</th><th>Score</th></tr></thead><tbody><tr><td style=\"text-align:left\">&lt;a&gt;</td><td>0.5</td></tr><tr><td style=\"text-align:left\">b</td><td>1</td></tr></tbody></table>", html);
    }

    [Fact]
    public void Numbers_alone_need_no_table() => Assert.DoesNotContain("text/html", ValueFormat.Bundle(new[] { 1, 2, 3 }).Keys);

    [Fact]
    public void Rows_beyond_the_twentieth_are_counted() =>
        Assert.EndsWith("<p>… 10 more rows</p>", HtmlTable.Of(Enumerable.Range(0, 30).Select(i => new Photo("p", i)).ToList()));

    [Fact]
    public void Cursor_positions_count_code_points()
    {
        Assert.Equal(3, CursorText.ToUtf16("🐇a", 2));
        Assert.Equal(2, CursorText.ToCodePoints("🐇a", 3));
    }
}
