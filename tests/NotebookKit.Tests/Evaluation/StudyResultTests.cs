using NotebookKit.Evaluation;
using NotebookKit.Images;

namespace NotebookKit.Tests.Evaluation;

/// <summary>A study is read as it was written, and the one that ships says what the course says of it.</summary>
public sealed class StudyResultTests
{
    private static readonly string Shipped = Path.Combine(House.Root, "data", "prior-loss-weight");

    [Fact]
    public void The_shipped_study_has_three_trainings_and_sixteen_pictures_for_every_weight_and_epoch()
    {
        var study = StudyResult.Load(Shipped);

        Assert.StartsWith("kit dreambooth-study", study.Command, StringComparison.Ordinal);
        Assert.Equal(study.Rows.Count, 1 + ((1 + study.Weights().Count) * study.Epochs().Count));
        Assert.All(study.Rows, row => Assert.Equal(StudyResult.PicturesPerRow, row.Pictures.Count));
        Assert.All(study.Rows.Skip(1), row => Assert.Equal(3, row.Scores.Trainings));
        foreach (var weight in study.Weights())
            foreach (var epoch in study.Epochs())
                Assert.Equal((weight, epoch), (study.At(weight, epoch).PriorLossWeight, study.At(weight, epoch).Epoch));
    }

    [Fact]
    public void Over_three_trainings_drift_falls_with_the_weight_by_more_than_the_noise()
    {
        var study = StudyResult.Load(Shipped);
        Score Drift(double weight) => study.At(weight, study.Epochs()[^1]).Scores.Protected.Pres;

        Assert.True(Drift(1).DiffersFrom(Drift(0)));
        Assert.True(Drift(1).Mean < Drift(0).Mean);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        using var folder = new TemporaryFolder();
        var study = StudyResult.Load(Shipped);
        File.WriteAllText(folder[StudyResult.File], study.ToJson());
        File.Copy(Path.Combine(Shipped, StudyResult.PicturesFile), folder[StudyResult.PicturesFile]);

        Assert.Equal(study.ToJson(), StudyResult.Load(folder["."]).ToJson());
    }

    [Fact]
    public void A_study_that_is_missing_damaged_or_without_its_pictures_is_told_in_one_sentence()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("there is no study", Refused(), StringComparison.Ordinal);
        File.WriteAllText(folder[StudyResult.File], "{\"rows\": 3}");
        Assert.Contains("damaged", Refused(), StringComparison.Ordinal);
        File.Copy(Path.Combine(Shipped, StudyResult.File), folder[StudyResult.File], overwrite: true);
        File.WriteAllBytes(folder[StudyResult.PicturesFile], new RgbImage(16, 1).ToJpeg());
        Assert.Contains("too few pictures", Refused(), StringComparison.Ordinal);

        string Refused() => Assert.Throws<BadInputException>(() => StudyResult.Load(folder["."])).Message;
    }
}
