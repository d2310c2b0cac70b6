using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>
/// What a sweep trains: settings that all points share, settings that vary, and seeds. Each combination is a point, which is a run
/// of <c>kit train</c>. Relative paths are those of the working folder, as <c>kit train</c> reads them.
/// </summary>
public sealed record SweepSpec
{
    /// <summary>More points than this are a mistake in a range.</summary>
    public const int MostPoints = 1_000_000;

    /// <summary>The base: a folder or a file.</summary>
    public required string Base { get; init; }

    /// <summary>What all points share.</summary>
    public required TrainOptions Settings { get; init; }

    /// <summary>What varies, each by itself: every combination is trained. The last changes fastest.</summary>
    public IReadOnlyList<SweepAxis> Vary { get; init; } = [];

    /// <summary>Points given one by one, each a few settings; a single one without any where none are given. Each is combined with
    /// what varies.</summary>
    public IReadOnlyList<SweepChoice> Points { get; init; } = [new([])];

    /// <summary>The seeds that each combination is trained with.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [];

    /// <summary>How results are measured; null for not at all.</summary>
    public SweepMeasure? Measure { get; init; }

    /// <summary>Threads of a point. The same number everywhere, since sums of other numbers of threads round otherwise.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>What the base computes in; null for what suits it.</summary>
    public string? DType { get; init; }

    /// <summary>Where points are trained: cpu or cuda; null for what there is.</summary>
    public string? Device { get; init; }

    /// <summary>Whether points do everything but train: to see what a sweep would be, and to measure its upkeep.</summary>
    public bool Dry { get; init; }

    /// <summary>How many points there are.</summary>
    public int Count { get; private init; }

    /// <summary>What varies from point to point, in the order of the table's columns; the seed apart.</summary>
    public IReadOnlyList<string> Varied =>
        [.. Points.SelectMany(point => point.Values).Select(value => value.Setting.Name)
            .Concat(Vary.Select(axis => axis.Setting.Name)).Distinct()];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The specification, JSON.</param>
    /// <param name="usualBase">The base where the file names none.</param>
    /// <param name="usualProbe">The probe that judges a miniature's pictures where the file names no judge.</param>
    /// <exception cref="BadInputException">It is no specification; the sentence names file and field.</exception>
    public static SweepSpec Read(string path, string usualBase, string? usualProbe = null)
    {
        if (!File.Exists(path))
            throw new BadInputException($"There is no file {path}; a sweep is described by a JSON file such as "
                + "{\"settings\": {\"instance_dir\": …}, \"vary\": {\"rank\": [4, 8]}, \"seeds\": 3}.");
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(File.ReadAllText(path), null, new JsonDocumentOptions
            { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is no JSON: {e.Message}", e);
        }

        return new SweepReader(path, usualBase, usualProbe).Read(json).Counted(path);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    internal static SweepSpec Of(JsonNode? json, string path) => new SweepReader(path, "", null).Read(json).Counted(path);

    /// <summary>A point, by its number from 0.</summary>
    internal SweepPoint PointAt(int number)
    {
        var values = new List<SweepValue>();
        var rest = number;
        ulong? seed = null;
        if (Seeds.Count > 0)
        {
            seed = Seeds[rest % Seeds.Count];
            rest /= Seeds.Count;
        }

        foreach (var axis in Vary.Reverse())
        {
            values.Insert(0, new(axis.Setting, axis.Values[rest % axis.Values.Count]));
            rest /= axis.Values.Count;
        }

        return new SweepPoint(number, [.. Points[rest].Values, .. values], seed);
    }

    /// <summary>The settings of a point, without its place.</summary>
    internal TrainOptions SettingsOf(SweepPoint point)
    {
        var options = point.Values.Aggregate(Settings, (run, value) => value.Setting.With(run, value.Value));
        return point.Seed is { } seed ? options with { Seed = seed } : options;
    }

    /// <summary>All of it as JSON, every path whole: two sweeps are the same where this is.</summary>
    internal JsonObject ToJson() => new()
    {
        ["base"] = Base,
        ["settings"] = JsonSerializer.SerializeToNode(Settings, TrainLog.Json),
        ["points"] = new JsonArray([.. Points.Select(point => (JsonNode)new JsonObject(
            point.Values.Select(value => KeyValuePair.Create(value.Setting.Name, value.ToJson()))))]),
        ["vary"] = new JsonObject(Vary.Select(axis => KeyValuePair.Create(axis.Setting.Name,
            (JsonNode?)new JsonArray([.. axis.Values.Select(value => new SweepValue(axis.Setting, value).ToJson())])))),
        ["seeds"] = JsonSerializer.SerializeToNode(Seeds),
        ["measure"] = Measure is null ? JsonValue.Create(false) : JsonSerializer.SerializeToNode(Measure, TrainLog.Json),
        ["threads"] = Threads,
        ["dtype"] = DType,
        ["device"] = Device,
        ["dry"] = Dry,
    };

    private SweepSpec Counted(string path)
    {
        double count = Math.Max(1, Seeds.Count) * (double)Points.Count;
        foreach (var axis in Vary)
            count *= axis.Values.Count;
        return count <= MostPoints ? this with { Count = (int)count }
            : throw new BadInputException(FormattableString.Invariant($"{path} asks for {count:0} points, and {MostPoints} are the most; ")
                + "take fewer values.");
    }
}
