using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;

namespace NotebookKit.Sweeps;

/// <summary>Reads a sweep's JSON, and says of what it cannot read which field it is and what may stand there.</summary>
/// <param name="path">The file, for sentences.</param>
/// <param name="usualBase">The base where none is named.</param>
/// <param name="usualProbe">What judges a miniature's pictures where nothing is said; null for nothing.</param>
internal sealed class SweepReader(string path, string usualBase, string? usualProbe)
{
    private static readonly string[] Fields = ["base", "card", "settings", "vary", "points", "seeds", "measure", "threads", "dtype",
        "device", "dry"];

    // What a sweep sets by itself.
    private static readonly HashSet<string> Own = ["output", "resume", "turns"];

    public SweepSpec Read(JsonNode? json)
    {
        var fields = Object(json, "the whole", Fields);
        var card = Text(fields, "card") is { } file ? RunCard.Read(file) : null;
        var shared = Shared(card?.Settings ?? new TrainOptions(), fields["settings"]);
        var source = Text(fields, "base") ?? card?.Base ?? usualBase;
        var spec = new SweepSpec
        {
            Base = Path.Exists(source) ? Path.GetFullPath(source) : source,
            Settings = WholePaths(shared),
            Vary = Axes(fields["vary"]),
            Points = Points(fields["points"]),
            Seeds = Seeds(fields["seeds"], shared.Seed),
            Threads = Whole(fields["threads"] ?? 1, "threads", 1),
            DType = Text(fields, "dtype") ?? card?.Versions.GetValueOrDefault("dtype"),
            Device = Text(fields, "device"),
            Dry = fields["dry"] is { } dry && (dry.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? (bool)dry
                : throw Wrong("dry", dry, "true or false")),
        };
        var clash = spec.Vary.Select(axis => axis.Setting.Name)
            .FirstOrDefault(name => spec.Points.Any(point => point.Values.Any(value => value.Setting.Name == name)));
        if (clash is not null)
            throw new BadInputException($"{path} varies {clash} in \"points\" and in \"vary\"; leave it in one of them.");
        if (spec.Seeds.Count > 0 && spec.Varied.Contains("seed"))
            throw new BadInputException($"{path} varies seed and gives \"seeds\"; leave seed out of \"vary\" and \"points\".");
        return spec with { Measure = SweepMeasure.Read(fields["measure"], path, spec, Miniature(spec.Base) ? usualProbe : null) };
    }

    // A base that is not there is told when the sweep is laid out.
    private static bool Miniature(string source)
    {
        try
        {
            return ModelShape.Of(source).UNet.IsMiniature;
        }
        catch (BadInputException)
        {
            return false;
        }
    }

    private TrainOptions Shared(TrainOptions start, JsonNode? json)
    {
        foreach (var (name, node) in json is null ? [] : Object(json, "\"settings\"", null))
        {
            if (name == "concepts")
                start = start with { Concepts = Concepts(node) };
            else if (!Own.Contains(name) || node is null || Harmless(node))
                start = Named(name) is var setting && Own.Contains(setting.Name) ? start : setting.With(start, Value(setting, node));
            else
                throw new BadInputException($"{path}: {name} is the sweep's own to set; leave it out of \"settings\".");
        }

        return start with { Saving = start.Saving with { Output = null, Resume = false }, Turns = [] };
    }

    // What a card says of a run that did nothing of the kind.
    private static bool Harmless(JsonNode node) => node is JsonArray { Count: 0 } || node.GetValueKind() == JsonValueKind.False;

    private IReadOnlyList<Concept> Concepts(JsonNode? node)
    {
        try
        {
            return node.Deserialize<IReadOnlyList<Concept>>(TrainLog.Json) is { Count: > 0 } concepts ? concepts
                : throw new BadInputException($"{path}: \"concepts\" is empty; give at least one.");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}: \"concepts\" is no list of concepts: {e.Message}", e);
        }
    }

    private IReadOnlyList<SweepAxis> Axes(JsonNode? json) => json is null ? [] :
    [
        .. Object(json, "\"vary\"", null).Select(pair =>
        {
            var setting = Free(Named(pair.Key));
            return new SweepAxis(setting, Values(setting, pair.Value));
        }),
    ];

    private IReadOnlyList<object?> Values(Setting setting, JsonNode? node)
    {
        var values = node is JsonArray list ? [.. list.Select(value => Value(setting, value))]
            : node is JsonObject range && range.ContainsKey("from") ? SweepRange.Of(path, setting, range)
            : throw new BadInputException($"{path}: \"{setting.Name}\" in \"vary\" must be a list of values or a range such as "
                + "{\"from\": 1e-4, \"to\": 1e-2, \"steps\": 5, \"log\": true}, not " + Shown(node) + ".");
        if (values.Count == 0)
            throw new BadInputException($"{path}: \"{setting.Name}\" in \"vary\" has no value; give at least one.");
        var texts = values.Select(value => new SweepValue(setting, value).Text).ToList();
        if (texts.GroupBy(text => text).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new BadInputException($"{path}: \"{setting.Name}\" has the value {twice.Key} twice, which would train the same twice; "
                + "leave one out, and take \"seeds\" for repetitions.");
        foreach (var value in values)
            Check(setting, value);
        return values;
    }

    private IReadOnlyList<SweepChoice> Points(JsonNode? json)
    {
        if (json is null)
            return [new([])];
        if (json is not JsonArray { Count: > 0 } list)
            throw Wrong("points", json, "a list such as [{\"rank\": 4, \"learning_rate\": 1e-3}]");
        return
        [
            .. list.Select(point => new SweepChoice(
            [
                .. Object(point, "an entry of \"points\"", null).Select(pair =>
                {
                    var setting = Free(Named(pair.Key));
                    var value = Value(setting, pair.Value);
                    Check(setting, value);
                    return new SweepValue(setting, value);
                }),
            ])),
        ];
    }

    private IReadOnlyList<ulong> Seeds(JsonNode? json, ulong first) => json switch
    {
        null => [],
        JsonArray { Count: > 0 } list => list.Select(seed => (ulong)Whole(seed, "seeds", 0)).ToArray() is var seeds
            && seeds.Distinct().Count() == seeds.Length ? seeds
            : throw new BadInputException($"{path}: \"seeds\" has a seed twice, which would train the same twice; leave one out."),
        JsonValue => [.. Enumerable.Range(0, Whole(json, "seeds", 1)).Select(i => first + (ulong)i)],
        _ => throw Wrong("seeds", json, "how many, or a list of seeds"),
    };

    private void Check(Setting setting, object? value)
    {
        if (setting.Complaint(value) is { } complaint)
            throw new BadInputException($"{path}: {BadSettingException.InNames(complaint)}");
    }

    private object? Value(Setting setting, JsonNode? node)
    {
        try
        {
            if (node is JsonValue word && word.GetValueKind() == JsonValueKind.String && setting.Property.PropertyType != typeof(string))
                return SettingText.Read(setting, [(string)word!]);
            var value = node.Deserialize(setting.Property.PropertyType, TrainLog.Json);
            if (value is null && setting.Of(new TrainOptions()) is not null)
                throw new JsonException();
            return value is string text && IsPath(setting) && Path.Exists(text) ? Path.GetFullPath(text) : value;
        }
        catch (BadInputException e)
        {
            throw new BadInputException($"{path}: {BadSettingException.InNames(e is BadSettingException bad ? bad.InFlags : e.Message)}",
                e);
        }
        catch (JsonException e)
        {
            var usual = setting.Usual is { } some ? $", such as {some}" : "";
            throw new BadInputException($"{path}: \"{setting.Name}\" cannot be {Shown(node)}; write it as run cards do{usual} "
                + $"({setting.Help}).", e);
        }
    }

    private Setting Free(Setting setting) => !Own.Contains(setting.Name) ? setting
        : throw new BadInputException($"{path}: {setting.Name} is the sweep's own to set; leave it out.");

    // Under its name in run cards, or its flag's.
    private Setting Named(string name)
    {
        var plain = name.TrimStart('-').Replace('-', '_');
        if ((Setting.All.FirstOrDefault(setting => setting.Name == plain)
            ?? Setting.All.FirstOrDefault(setting => !setting.Inverted && setting.Flag[2..].Replace('-', '_') == plain)) is { } found)
            return found;
        var near = NearestName.Of(plain, [.. Setting.All.Select(setting => setting.Name)]);
        throw new BadInputException($"{path}: there is no setting '{name}'; "
            + (near.Count > 0 ? $"did you mean {string.Join(" or ", near)}?" : "docs/training.md lists them."));
    }

    private static TrainOptions WholePaths(TrainOptions options) => options with
    {
        Concepts = [.. options.Concepts.Select(concept => concept with
        {
            InstanceDir = concept.InstanceDir.Length > 0 ? Path.GetFullPath(concept.InstanceDir) : "",
            ClassDir = concept.ClassDir is { } dir ? Path.GetFullPath(dir) : null,
        })],
        Samples = options.Samples with { HeldOutDir = options.Samples.HeldOutDir is { } held ? Path.GetFullPath(held) : null },
        Lora = options.Lora with { Weights = options.Lora.Weights is { } weights ? Path.GetFullPath(weights) : null },
    };

    private static bool IsPath(Setting setting) => setting.Name is "instance_dir" or "class_dir" or "held_out_dir" or "network_weights";

    private JsonObject Object(JsonNode? json, string what, string[]? known)
    {
        if (json is not JsonObject fields)
            throw new BadInputException($"{path}: {what} must be an object {{…}}, not {Shown(json)}.");
        if (known is not null && fields.Select(field => field.Key).FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw new BadInputException($"{path}: there is no field '{unknown}'; {NearestName.Hint(unknown, known)}");
        return fields;
    }

    private string? Text(JsonObject fields, string name) => fields[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => (string)value!,
        var other => throw Wrong(name, other, "a text"),
    };

    private int Whole(JsonNode? node, string name, int least) =>
        node is JsonValue && int.TryParse(node.ToJsonString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            && number >= least ? number : throw Wrong(name, node, $"a whole number from {least} on");

    private BadInputException Wrong(string name, JsonNode? node, string what) =>
        new($"{path}: \"{name}\" must be {what}, not {Shown(node)}.");

    private static string Shown(JsonNode? node) => node?.ToJsonString() is { } text ? text.Length > 60 ? text[..60] + "…" : text : "null";
}
