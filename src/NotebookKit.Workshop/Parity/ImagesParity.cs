using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookKit.Images;

namespace NotebookKit.Workshop.Parity;

/// <summary>Pictures: decoding every kind of file, and resizing to a short side with a centre crop.</summary>
internal sealed partial class ImagesParity : ParityArea
{
    public override string Name => "images";

    [GeneratedRegex(@"(?:max\s+(\d+(?:\.\d+)?),\s*)?mean\s+(\d+(?:\.\d+)?)")]
    private static partial Regex Bounds();

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var reference in folder.Cases)
        {
            var name = (string?)reference["name"] ?? "?";
            var source = $"src/{name}";
            if (!folder.Has(source) || (string?)reference["decoded"] is not { } decoded || !folder.Has(decoded))
            {
                report.Skip(Name, name, $"{source} or its decoded picture is missing");
                continue;
            }

            report.Run(Name, $"{name} decoded", m =>
            {
                var (largest, mean) = DecodeTolerance(folder, reference, name);
                Compare(m, "decoded", Read(folder, source), Read(folder, decoded), largest, mean);
            });
            foreach (var output in (reference["outputs"] as JsonArray ?? []).OfType<JsonObject>())
            {
                var filter = (string?)output["filter"] ?? "?";
                var label = $"{name} {(int?)output["size"]} {filter}";
                if (!Enum.TryParse<ResampleFilter>(filter, ignoreCase: true, out var known))
                {
                    report.Skip(Name, label, $"the filter {filter} is not known");
                    continue;
                }

                report.Run(Name, label, m =>
                {
                    var (largest, mean) = BoundsIn((string?)folder.Manifest["tolerance"]?["resize from ref decoded png"], last: false);
                    var actual = Read(folder, decoded).ResizeAndCenterCrop((int)output["size"]!, known);
                    Compare(m, "resized", actual, Read(folder, (string)output["file"]!), largest, mean);
                });
            }
        }
    }

    // The references have their transparency dropped, not laid on white.
    private static RgbImage Read(ReferenceFolder folder, string file) =>
        RgbImage.Decode(File.ReadAllBytes(folder.PathOf(file)), folder.PathOf(file), AlphaRule.Drop);

    private static (double Largest, double Mean) DecodeTolerance(ReferenceFolder folder, JsonObject reference, string name)
    {
        var tolerance = folder.Manifest["tolerance"];
        if ((string?)reference["pil_mode"] == "CMYK")
            return BoundsIn((string?)tolerance?["cmyk"], last: false);
        if (Path.GetExtension(name) is ".jpg" or ".jpeg")
        {
            // Where colours are stored at half the size ImageSharp repeats them, and Pillow smooths them: edges differ, the mean tells.
            var halved = ((string?)reference["what"])?.Contains("4:2:0", StringComparison.Ordinal) == true;
            var (largest, mean) = BoundsIn((string?)tolerance?["jpeg decoded"], last: halved);
            return (halved ? 255 : largest, mean);
        }

        // Sixteen bits may round either way.
        return name.Contains("16", StringComparison.Ordinal) ? (1, 1) : (0, 0);
    }

    private static (double Largest, double Mean) BoundsIn(string? sentence, bool last)
    {
        var matches = Bounds().Matches(sentence ?? "");
        if (matches.Count == 0)
            throw new BadInputException($"The manifest's tolerance '{sentence}' is not understood; it should read like 'max 4, mean 0.6'.");
        var match = matches[last ? ^1 : 0];
        return (Value(match.Groups[1], 255), Value(match.Groups[2], 0));
    }

    private static double Value(Group group, double otherwise) =>
        group.Success ? double.Parse(group.ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : otherwise;

    private static void Compare(Measurement measurement, string what, RgbImage actual, RgbImage expected, double largest, double mean)
    {
        if ((actual.Width, actual.Height) != (expected.Width, expected.Height))
        {
            measurement.Add($"{what}: {actual.Width}×{actual.Height} instead of {expected.Width}×{expected.Height}", double.NaN, 0);
            return;
        }

        var differences = actual.Pixels.Zip(expected.Pixels, (a, b) => Math.Abs(a - b)).ToArray();
        measurement.Add($"{what}, largest difference", differences.Max(), largest);
        measurement.Add($"{what}, mean difference", differences.Average(), mean);
    }
}
