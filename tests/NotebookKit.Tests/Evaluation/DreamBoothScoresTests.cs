using NotebookKit.Evaluation;
using NotebookKit.Images;
using NotebookKit.Workshop.World;

namespace NotebookKit.Tests.Evaluation;

public sealed class DreamBoothScoresTests
{
    private static readonly RgbImage A = new(8, 8), B = new(16, 8), C = new(8, 16);

    [Fact]
    public void The_scores_are_means_of_cosines_over_all_pairs()
    {
        // A, B and C have the vectors (1, 0), (0, 1) and (0.6, 0.8).
        var scores = new DreamBoothScores(new Plane());
        Assert.Equal((1 + 0 + 0.6 + 0.8) / 4, scores.SubjectFidelity([A, C], [A, B]), 1e-6);
        Assert.Equal((1 + 0 + 0.6 + 0.8) / 4, scores.Pres([A, C], [A, B]), 1e-6);
        Assert.Equal((0 + 0.6 + 0.8) / 3, scores.AmongThemselves([A, B, C]), 1e-6);
        Assert.Equal(1 - ((0 + 0.6 + 0.8) / 3), scores.Diversity([A, B, C]), 1e-6);
        Assert.Equal(0, scores.Diversity([C, C]), 1e-6);
        Assert.Throws<ArgumentException>(() => scores.Diversity([A]));
    }

    [Fact]
    public void The_errors_are_what_other_seeds_would_change()
    {
        var scores = new DreamBoothScores(new Plane());
        // Against A the three have 1, 0 and 0.6: their mean's standard error is their deviation over √3.
        double[] cosines = [1, 0, 0.6];
        var deviation = Math.Sqrt(cosines.Sum(c => Math.Pow(c - cosines.Average(), 2)) / 2);
        Assert.Equal(deviation / Math.Sqrt(3), scores.SubjectFidelityError([A, B, C], [A]), 1e-6);
        // Without A, B or C one pair is left: DIV 1 − 0.8, 1 − 0.6, 1 − 0.
        double[] without = [0.2, 0.4, 1];
        Assert.Equal(Math.Sqrt(2.0 / 3 * without.Sum(d => Math.Pow(d - without.Average(), 2))), scores.DiversityError([A, B, C]), 1e-6);
        Assert.Equal(0, scores.SubjectFidelityError([A, A], [B]), 1e-6);
        Assert.Throws<ArgumentException>(() => scores.SubjectFidelityError([A], [A]));
        Assert.Throws<ArgumentException>(() => scores.DiversityError([A, B]));
    }

    [Fact]
    public void The_probe_finds_the_subject_in_new_views_and_not_in_other_rabbits()
    {
        using var probe = Probe.Load(Path.Combine(House.Root, "data", "probe"));
        var scores = new DreamBoothScores(probe);
        var photos = SampleRabbit.Photos.Select(photo => photo.Paint(64)).ToList();
        var again = Enumerable.Range(0, 6)
            .Select(i => SampleRabbit.Paint(SceneSampler.SampleView(new WorldRandom(40, (ulong)i)), Background.Studio, (ulong)i, 64))
            .ToList();
        var others = Enum.GetValues<ToyColor>()
            .Select(color => Painter.Paint(new Scene(ToyClass.RabbitToy, color, Background.Grass, Style.Photo, Accessory.None, 3,
                new View()), 64)).ToList();
        var (own, found, strangers) = (scores.AmongThemselves(photos), scores.SubjectFidelity(again, photos),
            scores.SubjectFidelity(others, photos));
        Assert.True(found > 0.8 * own, $"other views {found:F2}, the photos among themselves {own:F2}");
        Assert.True(strangers < 0.5 * own, $"other rabbits {strangers:F2}, the photos among themselves {own:F2}");
    }
}
