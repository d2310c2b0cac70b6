using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;
using NotebookKit.Lora;
using NotebookKit.Training.Settings;

namespace NotebookKit.Training.Runs;

/// <summary>A run's events as lines of JSON beside its output, <c>NAME.log.jsonl</c>; it can be read while the run lives.</summary>
public sealed class TrainLog : IDisposable
{
    /// <summary>How events and run cards are written: snake_case, durations in seconds.</summary>
    internal static readonly JsonSerializerOptions Json = new()
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
    internal TrainLog(string path, int steps)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (steps > 0 && File.Exists(path))
            AtomicFile.WriteText(path,
                string.Concat(File.ReadAllLines(path).TakeWhile(line => StepOf(line) is not { } step || step < steps)
                    .Select(line => line + "\n")));
        else
            File.Delete(path);
        _writer = new StreamWriter(path, append: true) { AutoFlush = true };
    }

    /// <summary>The log of an output.</summary>
    /// <param name="output">The run's output.</param>
    public static string PathFor(string output) => new RunPlace(output).Log;

    /// <summary>Reads a run's events again, also while it lives: the same that a notebook and the command line were told.</summary>
    /// <param name="path">A <c>.log.jsonl</c> file.</param>
    /// <returns>The events, oldest first; a line that a kill has cut off ends them.</returns>
    /// <exception cref="BadInputException">There is no such file, or it is no log.</exception>
    public static IReadOnlyList<TrainEvent> Read(string path)
    {
        if (!File.Exists(path))
            throw new BadInputException($"There is no log {path}; it lies beside a run's output as NAME.log.jsonl.");
        var events = new List<TrainEvent>();
        foreach (var line in File.ReadLines(path))
        {
            try
            {
                events.Add(JsonSerializer.Deserialize<TrainEvent>(line, Json)!);
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                return events.Count > 0 ? events : throw new BadInputException($"{path} is no log of a run: {e.Message}", e);
            }
        }

        return events;
    }

    /// <summary>The turns of a run's knobs, as its log has them; none where there is no log.</summary>
    internal static IEnumerable<KnobTurn> TurnsIn(string path) =>
        File.Exists(path) ? Read(path).OfType<TurnEvent>().Select(turned => turned.Turn) : [];

    /// <summary>Writes an event's line.</summary>
    internal void Write(TrainEvent happened) => _writer.WriteLine(JsonSerializer.Serialize(happened, Json));

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
        public override TimeSpan Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value.TotalSeconds, 3));
    }

    private sealed class Targets : JsonConverter<LoraTargets>
    {
        public override LoraTargets Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            LoraTargets.Parse(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, LoraTargets value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Name);
    }
}
