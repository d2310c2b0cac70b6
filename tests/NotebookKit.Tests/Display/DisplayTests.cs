using Microsoft.DotNet.Interactive.Formatting;
using NotebookKit.Display;
using NotebookKit.Images;
using NotebookKit.Notebooks.Engine;
using NotebookKit.Tests.Notebooks.Engine;
using Plotly.NET.CSharp;
using GenericChart = Plotly.NET.GenericChart;

namespace NotebookKit.Tests.Display;

public sealed class DisplayTests
{
    private static readonly RgbImage Image = new(4, 2, [.. Enumerable.Range(0, 24).Select(i => (byte)(10 * i))]);

    [Fact]
    public void A_picture_is_an_image_element_and_a_png()
    {
        var bundle = DisplayFormat.Mime(new Picture(Image, "a \"rabbit\"", 64));
        Assert.Equal(Image.Pixels, RgbImage.Decode(Convert.FromBase64String(bundle["image/png"]), "png").Pixels);
        Assert.Contains($"data:image/png;base64,{bundle["image/png"]}", bundle["text/html"]);
        Assert.Contains("width=\"64\"", bundle["text/html"]);
        Assert.Contains("alt=\"a &quot;rabbit&quot;\"", bundle["text/html"]);
        Assert.Equal("picture of 4 × 2", DisplayFormat.Mime(Image)["text/plain"]);
    }

    [Fact]
    public void A_large_picture_is_a_jpeg_so_that_notebooks_of_many_grids_stay_small()
    {
        var grid = new RgbImage(300, 300);
        Array.Fill(grid.Pixels, (byte)200);
        var bundle = DisplayFormat.Mime(grid);
        Assert.Equal(["image/jpeg", "text/plain"], bundle.Keys.Order());
        Assert.Equal((300, 300), (RgbImage.Decode(Convert.FromBase64String(bundle["image/jpeg"]), "jpeg").Width,
            RgbImage.Decode(Convert.FromBase64String(bundle["image/jpeg"]), "jpeg").Height));
        Assert.Contains($"data:image/jpeg;base64,{bundle["image/jpeg"]}", DisplayFormat.Mime(new Picture(grid))["text/html"],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Interactive_finds_the_formatters_of_every_displayable_type()
    {
        object[] values = [Image, new Picture(Image), new DisplayTable(["a"], [[1]]), new Panel("x"), new ProgressLine(1, 2, TimeSpan.Zero),
            new CheckResult(true, "m")];
        Assert.All(values, value => Assert.All(DisplayFormat.Mime(value),
            form => Assert.Equal(form.Value, value.ToDisplayString(form.Key))));
        Assert.All(values, value => Assert.Contains(value is RgbImage ? "image/png" : "text/html", DisplayFormat.Mime(value).Keys));
        Assert.DoesNotContain("text/html", DisplayFormat.Mime(Image).Keys); // the same picture twice would double a notebook
    }

    [Fact]
    public void Nothing_displayed_needs_a_script()
    {
        object[] values = [new Picture(Image), Line("<script>"), new DisplayTable(["<script>"], [["<script>"]]),
            new Panel("<script>", Image), new CheckResult(false, "<script>", "<script>")];
        Assert.All(values, value => Assert.DoesNotContain("<script", DisplayFormat.Mime(value)["text/html"]));
    }

    [Fact]
    public void A_table_puts_numbers_right_and_text_left()
    {
        var table = DisplayTable.Of([new { Layer = "mid", Norm = 0.0123456 }, new { Layer = "up.0", Norm = 12.0 }], "Norms");
        Assert.Contains("<td style=\"text-align:left\">mid</td><td style=\"text-align:right\">0.01235</td>",
            DisplayFormat.Mime(table)["text/html"]);
        Assert.Equal("Norms\nLayer  Norm\nmid    0.01235\nup.0        12", table.ToString());
        Assert.Throws<BadInputException>(() => new DisplayTable(["a", "b"], [[1]]));
    }

    [Fact]
    public void A_table_shows_pictures_in_its_cells() =>
        Assert.Contains("<img src=\"data:image/png", DisplayFormat.Mime(new DisplayTable(["seed", "picture"], [[1, Image]]))["text/html"]);

    [Fact]
    public void Charts_are_drawn_wherever_they_stand()
    {
        Assert.Contains("<svg", DisplayFormat.Mime(new DisplayTable(["chart"], [[Line("loss")]]))["text/html"]);
        Assert.Contains("<svg", DisplayFormat.Mime(new FrameSlider("step", ("1", Line("loss"))))["text/html"]);
        Assert.Contains("<svg", DisplayFormat.Mime(new Panel(XPlot.Plotly.Chart.Line([1.0, 2.0])))["text/html"]);
        Assert.Equal(["application/vnd.plotly.v1+json", "text/html", "text/plain"], DisplayFormat.Mime(Line("loss")).Keys.Order());
    }

    [Fact]
    public void A_host_can_ask_which_values_have_a_form_of_their_own()
    {
        using var tensor = TorchSharp.torch.zeros(1);
        using var parameter = new TorchSharp.Modules.Parameter(TorchSharp.torch.zeros(1));
        object[] known = [Image, new[] { Image }, new Picture(Image), new DisplayTable(["a"], [[1]]), new Panel("x"),
            new ProgressLine(1, 2, TimeSpan.Zero), new CheckResult(true, "m"),
            new FrameSlider("s", ("a", 1)), Line("loss"), Chart.Combine([Line("a"), Line("b")]), XPlot.Plotly.Chart.Line([1.0, 2.0]),
            tensor, parameter];
        Assert.All(known, value => Assert.True(DisplayFormat.Knows(value), value.GetType().Name));
        Assert.All((object?[])[null, 1, "text", new List<int>(), DateTime.UnixEpoch], value => Assert.False(DisplayFormat.Knows(value)));
    }

    [Fact]
    public void A_panel_stacks_its_parts()
    {
        var html = DisplayFormat.Mime(new Panel(new ProgressLine(1, 4, TimeSpan.FromSeconds(2)), null, Line("loss"), "a < b"))["text/html"];
        Assert.True(html.IndexOf("1/4", StringComparison.Ordinal) < html.IndexOf("<svg", StringComparison.Ordinal));
        Assert.Contains("a &lt; b", html);
    }

    [Fact]
    public void Progress_tells_the_time_left_at_the_pace_so_far()
    {
        var line = new ProgressLine(30, 120, TimeSpan.FromSeconds(20), "loss 0.12");
        Assert.Equal(TimeSpan.FromSeconds(60), line.Remaining);
        Assert.Equal("██████░░░░░░░░░░░░░░░░░░ 30/120 · 1.5/s · 1:00 left · loss 0.12", line.ToString());
        Assert.EndsWith("took 0:20", new ProgressLine(5, 5, TimeSpan.FromSeconds(20)).ToString());
    }

    [Fact]
    public void A_display_in_a_cell_is_updated_under_its_name_also_from_a_thread()
    {
        using var engine = new EngineFixture();
        var folder = AppContext.BaseDirectory;
        var (shown, error) = engine.Run($$"""
            #r "{{folder}}NotebookKit.dll"
            using NotebookKit.Display;
            var live = LiveDisplay.Show("one");
            await Task.Run(() => live.Update("two"));
            Check.Near(0.5, 0.6, 0.01, "ᾱ", "take the product");
            """);
        Assert.Null(error);
        Assert.Equal(["one", "✘ ᾱ: 0.5, expected 0.6 ± 0.01 (take the product)"],
            shown.OfType<Displayed>().Select(s => s.Data["text/plain"]));
        Assert.Equal("two", shown.OfType<Updated>().Single().Data["text/plain"]);
        Assert.Equal(shown.OfType<Displayed>().First().Id, shown.OfType<Updated>().Single().Id);
    }

    [Fact]
    public void Without_a_host_a_display_is_text_and_does_not_repeat_itself()
    {
        var before = Console.Out;
        using var console = new StringWriter();
        Console.SetOut(console);
        try
        {
            var live = LiveDisplay.Show("step 1");
            live.Update("step 1");
            live.Update("step 2");
            Assert.True(Check.That(true, "fine"));
        }
        finally
        {
            Console.SetOut(before);
        }

        Assert.Equal("step 1\nstep 2\n✔ fine\n", console.ToString());
    }

    [Theory]
    [InlineData(0.000012346, "1.235e-5")]
    [InlineData(0.5, "0.5")]
    [InlineData(1234567, "1234567")]
    [InlineData(3.14159, "3.142")]
    [InlineData(double.NaN, "NaN")]
    public void Numbers_keep_four_digits(double value, string text) => Assert.Equal(text, DisplayFormat.Mime(value)["text/plain"]);

    private static GenericChart Line(string name) => Chart.Line<double, double, string>([0, 1], [1, 2], Name: name);
}
