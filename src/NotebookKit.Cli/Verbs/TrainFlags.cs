using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Training;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Settings;

namespace NotebookKit.Cli.Verbs;

/// <summary>
/// The settings of a run as flags, made from their declarations (<see cref="Setting.All"/>): what is not given stays as it is.
/// Flags of a concept change the first; <c>--concepts</c> brings the others.
/// </summary>
internal sealed class TrainFlags
{
    private static readonly JsonSerializerOptions ConceptJson = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow
    };

    private readonly List<(Setting Setting, Option Option)> _flags;
    private readonly Option<string?> _concepts = new("--concepts")
    { Description = "a JSON file with a list of concepts (instance_dir, instance_prompt, class_prompt, …) to learn in one run" };

    /// <summary>All of them, or those named.</summary>
    public TrainFlags(params string[] names) =>
        _flags = [.. Setting.All.Where(setting => names.Length == 0 || names.Contains(setting.Flag))
            .Select(setting => (setting, OptionOf(setting)))];

    /// <summary>The flags, in the order that <c>--help</c> lists them.</summary>
    public IEnumerable<Option> Options =>
        _flags.Select(flag => flag.Option).Concat(_flags.Exists(flag => flag.Setting.OfConcept) ? [_concepts] : []);

    /// <summary>Whether a flag was given.</summary>
    public bool Has(ParseResult parse, string flag) => _flags.Exists(one => one.Setting.Flag == flag && Given(parse, one) is not null);

    /// <summary>The settings that were given, over those of a card.</summary>
    /// <exception cref="BadInputException">A value is none of those there are, or two contradict each other.</exception>
    public TrainOptions Read(ParseResult parse, TrainOptions start)
    {
        var options = start;
        foreach (var flag in _flags)
        {
            if (Given(parse, flag) is { } texts)
                options = flag.Setting.With(options, Within(flag.Setting, SettingText.Read(flag.Setting, texts)));
        }

        if (parse.GetResult(_concepts) is not null && parse.GetValue(_concepts) is { } file)
            options = WithConcepts(options, file);
        if (Has(parse, "--prior-loss-weight") && options.Loss.PriorLossWeight > 0
            && options.Concepts.All(concept => concept.ClassPrompt is null))
            throw new BadSettingException(
                $"--prior-loss-weight {options.Loss.PriorLossWeight.ToString(CultureInfo.InvariantCulture)} weighs class images, and there "
                + "are none without a class prompt; give --class-prompt, or leave the weight out.");
        return options;
    }

    // Whether a flag's value is more than one word is the setting's to know; a switch may be undone by a word.
    private static Option OptionOf(Setting setting) => setting.Property.PropertyType switch
    {
        var type when type == typeof(bool) => new Option<string?>(setting.Flag)
        {
            Description = setting.Help,
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "true|false"
        },
        var type when type != typeof(string) && type.IsAssignableTo(typeof(System.Collections.IEnumerable)) =>
            new Option<string[]>(setting.Flag) { Description = setting.Help },
        _ => new Option<string?>(setting.Flag) { Description = setting.Help },
    };

    private static IReadOnlyList<string>? Given(ParseResult parse,
        (Setting Setting, Option Option) flag) => parse.GetResult(flag.Option) switch
        {
            null or { Implicit: true } => null,
            { Tokens.Count: 0 } => ["true"],
            var result => [.. result.Tokens.Select(token => token.Value)],
        };

    private static object Within(Setting setting, object value) =>
        setting.Complaint(value) is { } complaint ? throw new BadSettingException(complaint) : value;

    private static TrainOptions WithConcepts(TrainOptions options, string file)
    {
        List<Concept>? concepts;
        try
        {
            concepts = JsonSerializer.Deserialize<List<Concept>>(File.ReadAllText(file), ConceptJson);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--concepts {file} is no list of concepts: {e.Message}", e);
        }

        if (concepts is not { Count: > 0 })
            throw new BadInputException($"--concepts {file} lists no concept; write [{{\"instance_dir\": …, \"instance_prompt\": …}}].");
        return options with { Concepts = options.Concepts[0].InstanceDir.Length > 0 ? [options.Concepts[0], .. concepts] : concepts };
    }
}
