using System.CommandLine;
using System.Text.Json;
using NotebookKit.Images;
using NotebookKit.Workshop.World;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit world</c>: looks at the toy world that base-mini was trained on.</summary>
internal static class WorldVerb
{
    public static Command Create()
    {
        var verb = new Command("world", "draw captioned pictures of the toy world that base-mini learned from");
        var sheet = new Option<string?>("--out") { Description = "PNG file for a sheet of pictures" };
        var count = new Option<int>("--count") { DefaultValueFactory = _ => 48, Description = "how many pictures" };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 128, Description = "pixels a side, 64 to 512" };
        var seed = new Option<ulong>("--seed") { DefaultValueFactory = _ => 0, Description = "which pictures" };
        var rabbit = new Option<string?>("--sample-rabbit") { Description = "folder to paint the sample photos of the subject into" };
        verb.Options.Add(sheet);
        verb.Options.Add(count);
        verb.Options.Add(size);
        verb.Options.Add(seed);
        verb.Options.Add(rabbit);
        var preset = new Option<string>("--preset")
        {
            DefaultValueFactory = _ => "cpu",
            Description = "which part of the world: cpu or gpu"
        };
        preset.AcceptOnlyFromAmong("cpu", "gpu");
        verb.Options.Add(preset);
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            var (path, folder) = (parse.GetValue(sheet), parse.GetValue(rabbit));
            if (path is null && folder is null)
                throw new BadInputException("kit world draws nothing: give --out sheet.png or --sample-rabbit FOLDER.");
            List<string> captions = [];
            if (path is not null)
                captions = DrawSheet(path, Within(parse.GetValue(count), 1, 1000, "--count"),
                    Within(parse.GetValue(size), 64, 512, "--size"), parse.GetValue(seed),
                    parse.GetValue(preset) == "gpu" ? WorldPreset.Gpu : WorldPreset.Cpu);
            if (folder is not null)
                SampleRabbit.Save(folder);
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(new { sheet = path, captions, sample_rabbit = folder }, Verb.Json));
            else if (path is not null)
                Console.WriteLine($"{captions.Count} pictures: {path}");
        });
        return verb;
    }

    private static List<string> DrawSheet(string path, int count, int size, ulong seed, WorldPreset preset)
    {
        var pictures = new RgbImage[count];
        var captions = new string[count];
        Parallel.For(0, count, i =>
        {
            var scene = SceneSampler.Sample(seed, i, preset);
            pictures[i] = Painter.Paint(scene, size);
            captions[i] = SceneCaptions.Caption(scene, new WorldRandom(scene.Seed));
        });
        ImageGrid.Render(pictures, Math.Max(1, 1536 / size), captions).SavePng(path);
        return [.. captions];
    }

    private static int Within(int value, int from, int to, string option) =>
        value >= from && value <= to ? value : throw new BadInputException($"{option} {value} is out of range: give {from} to {to}.");
}
