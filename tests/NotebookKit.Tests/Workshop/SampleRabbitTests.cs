using NotebookKit.Images;
using NotebookKit.Workshop.World;

namespace NotebookKit.Tests.Workshop;

public sealed class SampleRabbitTests
{
    private static readonly string Folder = Path.Combine(House.Root, "data", "sample-rabbit");

    [Fact]
    public void The_photos_that_ship_are_the_ones_the_painter_paints()
    {
        for (var i = 0; i < SampleRabbit.Photos.Count; i++)
        {
            var shipped = RgbImage.Load(Path.Combine(Folder, $"rabbit-{i + 1}.png"));
            Assert.Equal((512, 512), (shipped.Width, shipped.Height));
            Assert.Equal(SampleRabbit.Photos[i].Paint(512).Pixels, shipped.Pixels);
            Assert.Equal(SampleRabbit.Photos[i].Caption, File.ReadAllText(Path.Combine(Folder, $"rabbit-{i + 1}.txt")).TrimEnd());
        }
    }

    [Fact]
    public void The_photos_stand_on_five_grounds_and_their_captions_name_them()
    {
        Assert.Equal(5, SampleRabbit.Photos.Select(p => p.Background).Distinct().Count());
        Assert.Equal("photo of zwx rabbit toy on the grass", SampleRabbit.Photos[0].Caption);
        Assert.All(SampleRabbit.Photos, p => Assert.EndsWith(Words.Places(p.Background)[0], p.Caption));
    }

    [Fact]
    public void The_subject_is_unlike_every_rabbit_of_the_training_set()
    {
        // Same pose and ground, every colour of the world: none comes near. A second photo of the same thing would be 0.
        foreach (var photo in SampleRabbit.Photos)
        {
            var subject = photo.Paint(64).Pixels;
            foreach (var color in Enum.GetValues<ToyColor>())
            {
                var rabbit = Painter.PaintRgb(new Scene(ToyClass.RabbitToy, color, photo.Background, Style.Photo, Accessory.None,
                    photo.Seed, photo.View), 64);
                Assert.True(subject.Zip(rabbit, (a, b) => Math.Abs(a - b)).Average() > 6, $"a {color} rabbit looks like the subject");
            }
        }
    }
}
