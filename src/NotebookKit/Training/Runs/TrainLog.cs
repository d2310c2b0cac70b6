using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NotebookKit.Lora;

namespace NotebookKit.Training;

/// <summary>A run's events as lines of JSON beside its output, <c>NAME.log.jsonl</c>; it can be read while the run lives.</summary>
internal sealed class TrainLog : IDisposable
{
    /// <summary>How events and run cards are written: snake_case, durations in seconds.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new Seconds(), new Targets() },
    };

    private readonly StreamWriter _writer;

    /// <summary>Opens the log; a run that goes on keeps the lines of the steps that it has behind it.</summary>
    /// <param name="path">The log's file.</param>
    /// <param name="steps">Steps that stay; 0 begins anew.</param>
    public TrainLog(string path, int steps)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (steps > 0 && File.Exists(path))
            File.WriteAllLines(path, File.ReadAllLines(path).TakeWhile(line => StepOf(line) is not { } step || step < steps).ToList());
        else
            File.Delete(path);
        _writer = new StreamWriter(path, append: true) { AutoFlush = true };
    }

    /// <summary>Writes an event's line.</summary>
    public void Write(TrainEvent happened) => _writer.WriteLine(JsonSerializer.Serialize(happened, Json));

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    // Null where the line is another event's; a line cut off by a kill ends the log.
    private static int? StepOf(string line)
    {
        try
        {
            var json = JsonNode.Parse(line)!;
            return (string?)json["event"] == "step" ? (int?)json["step"]!["step"] : null;
        }
        catch (JsonException)
        {
            return int.MaxValue;
        }
    }

    private sealed class Seconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(Math.Round(value.TotalSeconds, 3));
    }

    private sealed class Targets : JsonConverter<LoraTargets>
    {
        public override LoraTargets Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => LoraTargets.Parse(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, LoraTargets value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
    }
}
