using System.Text.Json;
using NotebookKit.Images;

namespace NotebookKit.Tests.Images;

/// <summary>Pillow's decodings and resizes of 25 pictures.</summary>
public sealed class ReferenceImagesTests
{
    private static readonly JsonElement Manifest =
        JsonDocument.Parse(File.ReadAllBytes(House.Golden("images", "manifest.json"))).RootElement;

    [Fact]
    public void Every_picture_decodes_as_in_Pillow()
    {
        var mismatches = new List<string>();
        var cases = Manifest.GetProperty("cases").EnumerateArray().ToList();
        foreach (var row in cases)
        {
            var name = row.GetProperty("name").GetString()!;
            var image = Read("src", name);
            var expected = Read(row.GetProperty("decoded").GetString()!);
            // Other decoders of JPEG round otherwise, 16 bits may round either way; everything else is exact. Where colours are
            // stored at half the size (4:2:0) ImageSharp repeats them and Pillow smooths them: edges differ, the mean tells.
            var (largest, mean) = name.Contains("420") ? (255, 1.5) : name.EndsWith(".jpg", StringComparison.Ordinal) ? (4, 0.6)
                : name.Contains("16") ? (1, 0.2) : (0, 0);
            Compare(mismatches, name, expected, image, largest, mean);
        }

        Assert.Equal(25, cases.Count);
        Assert.Empty(mismatches);
    }

    [Fact]
    public void Every_resize_and_crop_is_Pillows_within_two_levels()
    {
        var mismatches = new List<string>();
        var outputs = 0;
        foreach (var row in Manifest.GetProperty("cases").EnumerateArray())
        {
            var decoded = Read(row.GetProperty("decoded").GetString()!);
            foreach (var output in row.GetProperty("outputs").EnumerateArray())
            {
                var file = output.GetProperty("file").GetString()!;
                var filter = Enum.Parse<ResampleFilter>(output.GetProperty("filter").GetString()!, ignoreCase: true);
                var made = decoded.ResizeAndCenterCrop(output.GetProperty("size").GetInt32(), filter);
                Compare(mismatches, file, Read(file), made, 2, 0.25);
                outputs++;
            }
        }

        Assert.True(outputs > 50);
        Assert.Empty(mismatches);
    }

    [Fact]
    public void At_the_size_of_training_halved_colours_make_no_difference_to_speak_of()
    {
        var mismatches = new List<string>();
        var row = Manifest.GetProperty("cases").EnumerateArray().Single(row => row.GetProperty("name").GetString() == "landscape420.jpg");
        foreach (var output in row.GetProperty("outputs").EnumerateArray())
        {
            var filter = Enum.Parse<ResampleFilter>(output.GetProperty("filter").GetString()!, ignoreCase: true);
            var made = Read("src", "landscape420.jpg").ResizeAndCenterCrop(output.GetProperty("size").GetInt32(), filter);
            Compare(mismatches, filter.ToString(), Read(output.GetProperty("file").GetString()!), made, 7, 0.7);
        }

        Assert.Empty(mismatches);
    }

    /// <summary>The reference forgets transparency; one of its own files still carries a transparent colour.</summary>
    private static RgbImage Read(params string[] file)
    {
        var path = House.Golden(["images", .. file]);
        return RgbImage.Decode(File.ReadAllBytes(path), path, AlphaRule.Drop);
    }

    private static void Compare(List<string> mismatches, string name, RgbImage expected, RgbImage actual, int maximum, double mean)
    {
        if ((expected.Width, expected.Height) != (actual.Width, actual.Height))
        {
            mismatches.Add($"{name}: {actual.Width}×{actual.Height}, expected {expected.Width}×{expected.Height}");
            return;
        }

        long sum = 0;
        var largest = 0;
        for (var i = 0; i < expected.Pixels.Length; i++)
        {
            var difference = Math.Abs(expected.Pixels[i] - actual.Pixels[i]);
            sum += difference;
            largest = Math.Max(largest, difference);
        }

        var average = (double)sum / expected.Pixels.Length;
        if (largest > maximum || average > mean)
            mismatches.Add($"{name}: differs by up to {largest}, {average:F3} on average");
    }
}
