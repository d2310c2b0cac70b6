using NotebookKit.Display;
using NotebookKit.Images;

namespace NotebookKit.Tests.Display;

public sealed class FrameSliderTests
{
    private static readonly FrameSlider Slider = new("weight <w>", ("0.01", new RgbImage(2, 2)), ("1.0", "plain"));

    [Fact]
    public void Every_frame_is_in_the_page_and_needs_no_script()
    {
        var html = DisplayFormat.Mime(Slider)["text/html"];

        Assert.DoesNotContain("<script", html);
        Assert.Equal(2, html.Split("<figure>").Length - 1);
        Assert.Contains("data:image/png", html);
        Assert.Contains("plain", html);
        Assert.Contains("weight &lt;w&gt;", html);
    }

    [Fact]
    public void The_first_stop_is_chosen_and_each_stop_shows_its_own_frame()
    {
        var html = DisplayFormat.Mime(Slider)["text/html"];

        Assert.Single(html.Split(" checked>").Skip(1));
        Assert.Contains("-0:checked~figure:nth-of-type(1)", html);
        Assert.Contains("-1:checked~figure:nth-of-type(2)", html);
    }

    [Fact]
    public void The_same_frames_make_the_same_page_and_other_frames_another_name()
    {
        Assert.Equal(Slider.ToHtml(), new FrameSlider("weight <w>", ("0.01", new RgbImage(2, 2)), ("1.0", "plain")).ToHtml());
        Assert.NotEqual(Slider.ToHtml()[..24], new FrameSlider("other", ("0.01", "a")).ToHtml()[..24]);
    }

    [Fact]
    public void As_text_it_names_its_stops() => Assert.Equal("weight <w>: 0.01 | 1.0", Slider.ToString());

    [Fact]
    public void Two_rows_of_stops_move_alone_and_every_pair_has_its_frame()
    {
        var slider = new FrameSlider(("weight", ["0", "1"]), ("epoch", ["8", "16", "24"]), (i, j) => $"frame {i}/{j}");
        var html = slider.ToHtml();

        Assert.Equal(6, html.Split("<figure>").Length - 1);
        Assert.Equal(2, html.Split(" checked>").Length - 1);
        Assert.Matches("#(kf[0-9a-f]+)-1:checked~#\\1b-2:checked~figure:nth-of-type\\(6\\)", html);
        Assert.Equal(("weight 1, epoch 24", "frame 1/2"), slider.Frames[5]);
        Assert.Equal("weight: 0 | 1; epoch: 8 | 16 | 24", slider.ToString());
    }

    [Fact]
    public void A_slider_without_frames_is_refused() => Assert.Throws<ArgumentException>(() => new FrameSlider("x"));
}
