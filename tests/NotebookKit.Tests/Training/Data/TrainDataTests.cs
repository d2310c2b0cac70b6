using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using NotebookKit.Training.Data;

namespace NotebookKit.Tests.Training.Data;

public sealed class TrainDataTests : IClassFixture<TinyBase>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;

    public TrainDataTests(TinyBase tiny)
    {
        _sd = StableDiffusion.Load(tiny.Folder);
        var pictures = Directory.CreateDirectory(_folder["pictures"]).FullName;
        for (var i = 0; i < 7; i++)
        {
            new RgbImage(20, i < 4 ? 20 : 34).SavePng(Path.Combine(pictures, $"{i}.png"));
            File.WriteAllText(Path.Combine(pictures, $"{i}.txt"), $"zwx toy, view {i}, red, soft");
        }

        _options = new TrainOptions
        {
            Concepts = [new() { InstanceDir = pictures, InstancePrompt = "[filewords]", ClassPrompt = "a toy", ClassImages = 5 }],
            Samples = new() { Steps = 1 },
            Images = new() { Size = 64 },
            Intervals = new() { BatchSize = 2 },
            Seed = 3,
            Saving = new() { Output = _folder["out.safetensors"] }
        }.ForBase(_sd);
    }

    [Fact]
    public void An_epoch_shows_every_picture_once_with_one_class_image_beside_it()
    {
        using var data = Prepared(_options);
        var epochs = Enumerable.Range(0, 6).Select(epoch => data.Epoch(epoch).ToList()).ToList();
        Assert.All(epochs, epoch =>
        {
            var samples = epoch.SelectMany(step => step.Batches).SelectMany(batch => batch).ToList();
            Assert.Equal(data.Pictures.Select(picture => picture.Path), samples.Select(sample => sample.Picture.Path).Order());
            Assert.All(samples, sample => Assert.NotNull(sample.Class));
            Assert.Equal(data.StepsPerEpoch, epoch.Count);
            Assert.Equal(7, epoch.Sum(step => step.Instances));
            Assert.Equal(7, epoch.Sum(step => step.Classes));
        });
        Assert.True(epochs.Select(epoch => string.Join(' ',
            epoch.SelectMany(step => step.Batches).SelectMany(batch => batch).Select(sample => sample.Picture.Path))).Distinct()
                .Count() > 3);
    }

    [Fact]
    public void Class_images_come_round_once_before_any_comes_twice()
    {
        using var data = Prepared(_options with
        {
            Images = _options.Images with { Buckets = false },
            Intervals = _options.Intervals with { BatchSize = 1 }
        });
        var seen = Enumerable.Range(0, 5).SelectMany(data.Epoch).SelectMany(step => step.Batches).SelectMany(batch => batch)
            .Select(sample => (sample.Draw, sample.Class!.Value.Path)).ToList();
        Assert.Equal(35, seen.Count);
        Assert.All(seen.GroupBy(pair => pair.Path), file => Assert.Equal(7, file.Count()));
    }

    [Fact]
    public void A_batch_holds_one_shape_and_class_images_have_it_too()
    {
        using var data = Prepared(_options);
        var batches = data.Epoch(0).SelectMany(step => step.Batches).ToList();
        Assert.All(batches, batch => Assert.Single(batch.Select(sample => (sample.View.Width, sample.View.Height)).Distinct()));
        Assert.All(batches.SelectMany(batch => batch),
            sample => Assert.Equal((sample.View.Width, sample.View.Height), (sample.Class!.Value.Width, sample.Class.Value.Height)));
        Assert.Equal([(48, 80), (64, 64)], batches.Select(batch => (batch[0].View.Width, batch[0].View.Height)).Distinct().Order());
        Assert.Equal(2 + 2, data.StepsPerEpoch); // 4 squares and 3 portraits, two at a time
    }

    [Fact]
    public void What_a_picture_draws_does_not_depend_on_the_batches()
    {
        using var one = Prepared(_options with
        {
            Intervals = _options.Intervals with { BatchSize = 1 },
            Images = _options.Images with { Flip = true, ShuffleCaptions = true, CaptionDropout = 0.3 }
        });
        using var four = Prepared(_options with
        {
            Intervals = _options.Intervals with { BatchSize = 4, GradientAccumulation = 2 },
            Images = _options.Images with { Flip = true, ShuffleCaptions = true, CaptionDropout = 0.3 }
        });
        Assert.Equal(All(one).Select(Chosen), All(four).Select(Chosen));

        static (string, bool, string) Chosen(TrainSample sample) => (sample.Picture.Path, sample.View.Flipped, sample.Prompt);
    }

    [Fact]
    public void Shuffled_captions_keep_their_first_part_and_their_words()
    {
        using var data = Prepared(_options with { Images = _options.Images with { ShuffleCaptions = true } });
        var samples = All(data).ToList();
        Assert.All(samples, sample => Assert.StartsWith("zwx toy, ", sample.Prompt, StringComparison.Ordinal));
        Assert.All(samples, sample => Assert.Equal(sample.Picture.Prompt.Split(", ").Order(), sample.Prompt.Split(", ").Order()));
        Assert.Contains(samples, sample => sample.Prompt != sample.Picture.Prompt);
    }

    [Fact]
    public void Dropped_captions_and_mirrored_pictures_come_as_often_as_asked()
    {
        using var data = Prepared(_options with { Images = _options.Images with { CaptionDropout = 0.25, Flip = true } });
        var samples = Enumerable.Range(0, 60).SelectMany(data.Epoch).SelectMany(step => step.Batches).SelectMany(batch => batch).ToList();
        Assert.InRange(samples.Count(sample => sample.Prompt.Length == 0) / (double)samples.Count, 0.18, 0.32);
        Assert.InRange(samples.Count(sample => sample.View.Flipped) / (double)samples.Count, 0.4, 0.6);
    }

    [Fact]
    public void Random_crops_lie_anywhere()
    {
        using var data = Prepared(_options with { Images = _options.Images with { RandomCrop = true, Buckets = false } });
        var places = All(data).Select(sample => sample.View.Y).ToList();
        Assert.Equal(places.Count, places.Distinct().Count());
        Assert.All(places, y => Assert.InRange(y, 0, 1));
    }

    public void Dispose()
    {
        _sd.Dispose();
        _folder.Dispose();
    }

    private TrainData Prepared(TrainOptions options)
    {
        var data = new TrainData(_sd, options);
        foreach (var _ in data.Prepare(default))
        {
        }

        return data;
    }

    private static IEnumerable<TrainSample> All(TrainData data) =>
        Enumerable.Range(0, 3).SelectMany(data.Epoch).SelectMany(step => step.Batches).SelectMany(batch => batch)
            .OrderBy(sample => sample.Draw);
}
