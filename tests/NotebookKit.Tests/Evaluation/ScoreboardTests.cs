using NotebookKit.Charts;
using NotebookKit.Display;
using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Pipeline;

namespace NotebookKit.Tests.Evaluation;

public sealed class ScoreboardTests
{
    private static readonly RgbImage A = new(8, 8), B = new(16, 8), C = new(8, 16);
    private static readonly string Rabbit = Path.Combine(House.Root, "data", "sample-rabbit");

    [Fact]
    public void A_score_is_the_mean_and_the_error_of_the_mean()
    {
        Assert.Equal(2, Score.Of(1, 2, 3).Mean, 1e-9);
        Assert.Equal(1 / Math.Sqrt(3), Score.Of(1, 2, 3).Error, 1e-9);
        Assert.Equal(new Score(5, 0), Score.Of(5));
        Assert.Throws<ArgumentException>(() => Score.Of());
        Assert.Equal("0.87 ± 0.03", new Score(0.874, 0.026).ToString());
    }

    [Fact]
    public void Scores_differ_when_they_are_further_apart_than_twice_the_error_of_their_difference()
    {
        Assert.True(new Score(0.5, 0.03).DiffersFrom(new Score(0.61, 0.04)));
        Assert.False(new Score(0.5, 0.03).DiffersFrom(new Score(0.59, 0.04)));
    }

    [Fact]
    public void Likeness_is_a_share_of_what_the_photos_are_among_themselves()
    {
        // A, B and C have the vectors (1, 0), (0, 1) and (0.6, 0.8); the photos A and C are 0.6 alike.
        var board = new Scoreboard(new Plane(), [A, C], [], new ScorePrompts { Asked = ["a photo of [subject]"] });
        var row = board.Judge("a model", [[A, A, C]], [[A, A, A], [B, B, B], [A, B, C]]);
        Assert.Equal(0.6, board.PhotosAmongThemselves, 1e-6);
        Assert.Equal(0.8 / 0.6, row.Fidelity.Mean, 1e-6);
        Assert.Equal(0.8 / 0.6, row.Protected.Pres.Mean, 1e-6);
        Assert.Equal(0.4 / 0.6, row.Neighbour.Pres.Mean, 1e-6);
        Assert.Equal(0, row.Protected.Div.Mean, 1e-6);
        Assert.Equal(1 - ((0 + 0.6 + 0.8) / 3), row.Stranger.Div.Mean, 1e-6);
        Assert.Null(row.Prompt); // no probe reads the pictures
    }

    [Fact]
    public void Several_trainings_are_one_line_with_the_error_that_other_training_seeds_bring()
    {
        var word = new WordScore("toy", new Score(0.5, 9), new Score(0.5, 9));
        var rows = new[] { 0.7, 0.8, 0.9 }
            .Select((v, i) => new ScoreRow($"{i}", new Score(v, 9), new Score(1, 9), word with { Pres = new Score(v / 2, 9) }, word, word))
            .ToList();
        var mean = ScoreRow.Mean("three", rows);
        Assert.Equal(("three", 3), (mean.Name, mean.Trainings));
        Assert.Equal(0.8, mean.Fidelity.Mean, 1e-9);
        Assert.Equal(0.1 / Math.Sqrt(3), mean.Fidelity.Error, 1e-9);
        Assert.Equal(0.05 / Math.Sqrt(3), mean.Protected.Pres.Error, 1e-9);
        Assert.Equal(new Score(1, 0), mean.Prompt);
        Assert.Equal(9, ScoreRow.Mean("one", [rows[0]]).Fidelity.Error); // of one training, its pictures' error stays
    }

    [Theory]
    [InlineData("photo of zwx rabbit toy on the grass")]
    [InlineData("A photo of a zwx rabbit toy, on grass")] // another article is no other prompt
    public void A_caption_of_the_training_is_no_question(string prompt)
    {
        var refused = Assert.Throws<BadInputException>(() =>
            Scoreboard.Of(new Plane(), Rabbit, new ScorePrompts { Asked = [prompt] }));
        Assert.Contains("caption of the training", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(Scoreboard.Of(new Plane(), Rabbit).Prompts.Asked); // its own prompts are none
    }

    [Fact]
    public void Too_little_to_measure_with_is_said()
    {
        Assert.Throws<BadInputException>(() => new Scoreboard(new Plane(), [A], [], new ScorePrompts()));
        var fine = new ScorePrompts();
        Assert.Throws<BadInputException>(() => fine with { Drawing = fine.Drawing with { Count = 2 } });
    }

    [Fact]
    public void The_probe_reads_what_a_prompt_names_and_leaves_the_rest_open()
    {
        using var probe = Probe.Load(Path.Combine(House.Root, "data", "probe"));
        var photo = RgbImage.Load(Path.Combine(Rabbit, "rabbit-1.png")); // on the grass
        string[] prompts = ["a photo of a toy", "photo of zwx rabbit toy on the grass", "photo of zwx rabbit toy on the beach",
            "a photo of a dog", "pencil sketch of zwx rabbit toy"];
        Assert.Equal([true, true, false, false, false], probe.Shows([.. prompts.Select(_ => photo)], prompts));
    }

    [Fact]
    public void The_base_draws_its_words_and_knows_no_subject_and_the_table_and_the_chart_say_so()
    {
        using var probe = Probe.Load(Path.Combine(House.Root, "data", "probe"));
        using var model = StableDiffusion.Load(Path.Combine(House.Root, "data", "base-mini"));
        var prompts = new ScorePrompts();
        var board = Scoreboard.Of(probe, Rabbit, prompts with { Drawing = prompts.Drawing with { Count = 6, Steps = 10 } });
        var row = board.Add("the base", model);
        Assert.True(row.Fidelity.Mean < 0.6, $"fidelity {row.Fidelity}");
        Assert.True(row.Protected.Pres.Mean < 0.5 && row.Stranger.Pres.Mean < 0.5, $"PRES {row.Protected.Pres}, {row.Stranger.Pres}");
        Assert.True(row.Protected.Div.Mean > row.Stranger.Div.Mean, "toys are more various than dogs");
        Assert.True(row.Prompt!.Value.Mean > 0.3, $"prompts shown {row.Prompt}");
        Assert.Equal([row], board.Rows);

        var text = board.Table().ToString();
        Assert.Contains("PRES rabbit toy", text, StringComparison.Ordinal);
        Assert.Contains(row.Fidelity.ToString(), text, StringComparison.Ordinal);
        Assert.Contains("the base", board.Chart().ToSvg(), StringComparison.Ordinal);
    }
}
