using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Training.Concepts;
using NotebookKit.Training.Runs;

namespace NotebookKit.Training.Settings;

/// <summary>
/// A run's settings in cards: every setting under its own name in one object, the concepts as a list. Cards of before,
/// which held the first concept's fields beside the run's and the others as <c>more_concepts</c>, are read too. Values are written as
/// <see cref="TrainLog.Json"/> has them, whoever asks.
/// </summary>
internal sealed class TrainOptionsJson : JsonConverter<TrainOptions>
{
    private const string Concepts = "concepts", More = "more_concepts";

    private static readonly Dictionary<string, Setting> Known = Setting.All.ToDictionary(setting => setting.Name);

    /// <inheritdoc/>
    public override TrainOptions Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("the settings are no object");
        var run = new TrainOptions();
        IReadOnlyList<Concept> more = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == Concepts)
                run = run with { Concepts = JsonSerializer.Deserialize<IReadOnlyList<Concept>>(ref reader, TrainLog.Json) ?? [] };
            else if (name == More)
                more = JsonSerializer.Deserialize<IReadOnlyList<Concept>>(ref reader, TrainLog.Json) ?? [];
            else if (!Known.TryGetValue(name, out var setting))
                throw new JsonException($"there is no setting '{name}'; {NearestName.Hint(name, [.. Known.Keys])}");
            else if (JsonSerializer.Deserialize(ref reader, setting.Property.PropertyType, TrainLog.Json) is { } value)
                run = setting.With(run, value);
        }

        return run with { Concepts = [.. run.Concepts, .. more] };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TrainOptions value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WritePropertyName(Concepts);
        JsonSerializer.Serialize(writer, value.Concepts, TrainLog.Json);
        foreach (var setting in Setting.All.Where(setting => !setting.OfConcept))
        {
            if (setting.Of(value) is not { } set)
                continue;
            writer.WritePropertyName(setting.Name);
            JsonSerializer.Serialize(writer, set, setting.Property.PropertyType, TrainLog.Json);
        }

        writer.WriteEndObject();
    }
}
