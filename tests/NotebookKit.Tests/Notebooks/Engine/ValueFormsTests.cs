using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Tests.Notebooks.Engine;

/// <summary>How values that are not the kit's look below a cell.</summary>
public sealed class ValueFormsTests : IClassFixture<EngineFixture>
{
    private readonly EngineFixture _engine;

    public ValueFormsTests(EngineFixture engine)
    {
        _engine = engine;
        _engine.Run("record Photo(string Name, double Score);");
    }

    [Theory]
    [InlineData("\"plain\"", "plain")]
    [InlineData("0.1f", "0.1")]
    [InlineData("1234.5", "1234.5")]
    [InlineData("true", "true")]
    [InlineData("(1, \"a\", 2.5)", "(1, a, 2.5)")]
    [InlineData("new { A = 1.5, B = \"x\" }", "{ A = 1.5, B = x }")]
    [InlineData("new Photo(\"p\", 0.5)", "Photo { Name = p, Score = 0.5 }")]
    [InlineData("new[] { 1, 2, 3 }", "[ 1, 2, 3 ]")]
    [InlineData("new List<string> { \"a\", \"b\" }", "[ a, b ]")]
    [InlineData("DayOfWeek.Monday", "Monday")]
    public void A_value_reads_as_one_line_of_text(string code, string text) => Assert.Equal(text, _engine.Result(code)!["text/plain"]);

    [Theory]
    [InlineData("Enumerable.Repeat(1, int.MaxValue)")]
    [InlineData("Enumerable.Repeat(new { A = 1 }, int.MaxValue)")]
    public void An_endless_sequence_is_cut(string code) => Assert.InRange(_engine.Result(code)!["text/plain"].Length, 1, 10_000);

    [Fact]
    public void Records_become_a_table_whose_text_is_escaped()
    {
        var forms = _engine.Result("new[] { new Photo(\"<a>\", 0.5), new Photo(\"b\", 1) }")!;
        Assert.StartsWith("<table>", forms["text/html"]);
        Assert.Contains("&lt;a&gt;", forms["text/html"]);
        Assert.Equal("Name  Score\n<a>     0.5\nb         1", forms["text/plain"]);
        Assert.Contains("<th style=\"text-align:left\">Key</th>",
            _engine.Result("new Dictionary<string, int> { [\"a\"] = 1 }")!["text/html"]);
    }

    [Fact]
    public void Numbers_alone_need_no_table() => Assert.DoesNotContain("text/html", _engine.Result("new[] { 1, 2, 3 }")!.Keys);

    [Fact]
    public void Html_that_a_cell_computes_is_shown_as_such() =>
        Assert.Equal(new Dictionary<string, string> { ["text/html"] = "<b>3</b>" }, _engine.Result("HTML($\"<b>{1 + 2}</b>\")"));

    [Fact]
    public void A_value_cell_shows_nothing_more_and_a_later_cell_fetches_it()
    {
        Assert.Empty(_engine.Run("#!value --name settings --mime-type application/json\n{ \"rank\": 8 }").Yields);
        Assert.Equal("9", _engine.Result(
            "#!set --name settings --value @value:settings\nsettings.RootElement.GetProperty(\"rank\").GetInt32() + 1")!["text/plain"]);
    }

    [Fact]
    public void The_loops_of_another_language_stay_as_they_are() =>
        Assert.Equal("<script>for (;;) { break; }</script>",
            _engine.Run("#!html\n<script>for (;;) { break; }</script>").Yields.OfType<Displayed>().Single().Data["text/html"]);

    [Fact]
    public void No_form_of_a_value_is_empty()
    {
        foreach (var code in new[] { "HTML(\"<b>x</b>\")", "new Uri(\"https://example.org\")", "new[] { 1.5 }", "DateTime.UnixEpoch",
            "typeof(string)" })
            Assert.All(_engine.Result(code)!.Values, form => Assert.NotEmpty(form));
    }

    [Fact]
    public void Cursor_positions_count_code_points()
    {
        Assert.Equal(3, CursorText.ToUtf16("🐇a", 2));
        Assert.Equal(2, CursorText.ToCodePoints("🐇a", 3));
    }
}
