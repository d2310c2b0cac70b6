using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Charts;
using NotebookKit.Sweeps;
using NotebookKit.Tests.Cli;

namespace NotebookKit.Tests.Sweeps;

/// <summary>kit sweep gather, and Sweep.Open in a cell: one table, its means, a page.</summary>
[Collection("Sweeps")]
public sealed class GatherTests(TinySweep tiny)
{
    [Fact]
    public void The_table_has_settings_measures_seconds_and_memory_of_every_point()
    {
        var lines = File.ReadAllLines(Path.Combine(tiny.Whole, "table.csv"));
        Assert.Equal("point,rank,prior_loss_weight,seed,state,fidelity,prompt,pres,div,neighbour_pres,neighbour_div,stranger_pres,"
            + "stranger_div,loss,steps,seconds,peak_bytes,sum,failure", lines[0]);
        Assert.Equal(13, lines.Length);
        var last = lines[12].Split(',');
        Assert.Equal(["11", "2", "0.3", "2", "done"], last[..5]);
        Assert.Equal("120", last[14]); // 40 epochs of three pictures
        Assert.All(last[5..18], cell => Assert.NotEmpty(cell));
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(tiny.Whole, "table.json")))!;
        Assert.Equal(12, json["points"]!.AsArray().Count);
        Assert.Equal((double)json["points"]![11]!["fidelity"]!, double.Parse(last[5], CultureInfo.InvariantCulture));
        Assert.Equal("""{"rank":2,"prior_loss_weight":0.3,"seed":2}""", json["points"]![11]!["settings"]!.ToJsonString());
    }

    [Fact]
    public void A_mean_is_over_seeds_with_its_standard_error()
    {
        var sweep = Sweep.Open(tiny.Whole);
        Assert.Equal(4, sweep.Means.Count);
        var values = sweep.Points.Take(3).Select(point => point.Result!.Scores!.Fidelity.Mean).ToList();
        var score = sweep.Means[0].Scores["fidelity"];
        Assert.Equal(values.Average(), score.Mean, 12);
        Assert.Equal(Math.Sqrt(values.Sum(value => Math.Pow(value - values.Average(), 2)) / 2 / 3), score.Error, 12);
        Assert.Equal("rank 1, prior_loss_weight 0.1", sweep.Means[0].Name);
        var first = File.ReadAllLines(Path.Combine(tiny.Whole, "means.csv"))[1].Split(',');
        Assert.Equal(["1", "0.1", "3", score.Mean.ToString("R", CultureInfo.InvariantCulture)], first[..4]);
        Assert.Equal(sweep.Means.Max(mean => mean.Gain), sweep.Best[0].Gain);
    }

    [Fact]
    public void The_page_needs_no_other_file_and_shows_charts_and_the_best()
    {
        var page = File.ReadAllText(Path.Combine(tiny.Whole, "index.html"));
        Assert.Empty(Regex.Matches(page, @"(?:src|href)\s*=\s*""(?!data:)|@import|url\((?!data:)|<script"));
        Assert.Equal(3, Regex.Count(page, "<svg [^>]*role=\"img\"")); // drift, and the effect of two settings
        Assert.Equal(3, Regex.Count(page, "<img alt=\"rank "));
        Assert.Contains("What prior_loss_weight does", page, StringComparison.Ordinal);
    }

    [Fact]
    public void In_a_cell_a_sweep_is_a_table_and_charts()
    {
        var sweep = Sweep.Open(tiny.Whole);
        Assert.Equal("12 points: 12 done", sweep.ToString());
        Assert.Equal(["rank", "prior_loss_weight", "seeds"], sweep.Table.Columns.Take(3));
        Assert.Contains("PRES", sweep.FidelityAgainstDrift()!.ToSvg(), StringComparison.Ordinal);
        Assert.Contains("fidelity", sweep.EffectOf("rank").ToSvg(), StringComparison.Ordinal);
        Assert.Contains("did you mean rank", Assert.Throws<BadInputException>(() => sweep.EffectOf("rnak")).Message,
            StringComparison.Ordinal);
        Assert.True(sweep.Pictures(sweep.Points[0]).Width > 100);
    }

    [Fact]
    public void The_studios_history_lists_sweeps_and_shows_their_pages()
    {
        _ = tiny.Whole;
        var history = new NotebookKit.Studio.StudioHistory(tiny.Folder.Root);
        Assert.Contains(history.Sweeps(), sweep => sweep is { Sweep: "whole", Points: 12, Done: 12 });
        Assert.Contains("What rank does", history.SweepOf("whole"), StringComparison.Ordinal);
        Assert.Throws<BadInputException>(() => history.SweepOf("../whole"));
        Assert.Throws<BadInputException>(() => history.SweepOf("nowhere"));
    }

    [Fact]
    public void A_sweep_without_results_has_a_table_and_a_page_too()
    {
        SweepFolder.Lay(tiny.Folder["bare"], SweepSpec.Read(tiny.Write("bare"), ""));
        var (code, output, error) = KitCommand.Run("sweep", "gather", tiny.Folder["bare"]);
        Assert.True(code == 0, error);
        Assert.Contains("12 points: 12 waiting", output, StringComparison.Ordinal);
        Assert.Contains("12 waiting", KitCommand.Run("sweep", "status", tiny.Folder["bare"]).Output, StringComparison.Ordinal);
    }
}
