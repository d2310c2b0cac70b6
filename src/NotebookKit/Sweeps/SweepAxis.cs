using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;

namespace NotebookKit.Sweeps;

/// <summary>A setting that varies, and the values that it takes.</summary>
/// <param name="Setting">Which.</param>
/// <param name="Values">At least one, each once.</param>
public sealed record SweepAxis(Setting Setting, IReadOnlyList<object?> Values);

/// <summary>A setting and one value of it.</summary>
/// <param name="Setting">Which.</param>
/// <param name="Value">The value; null where the setting may be without one.</param>
public sealed record SweepValue(Setting Setting, object? Value)
{
    /// <summary>The value as a table shows it.</summary>
    public string Text => Value is null ? "" : string.Join(' ', SettingText.WriteAll(Setting, Setting.Inverted ? !(bool)Value : Value));

    /// <summary>The value as run cards have it.</summary>
    internal JsonNode? ToJson() => Value is null ? null : JsonSerializer.SerializeToNode(Value, Setting.Property.PropertyType,
        TrainLog.Json);
}

/// <summary>Settings that are taken together.</summary>
/// <param name="Values">A value for each.</param>
public sealed record SweepChoice(IReadOnlyList<SweepValue> Values);

/// <summary>One training of a sweep.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Values">What it has of its own.</param>
/// <param name="Seed">Its seed; null where seeds do not vary.</param>
public sealed record SweepPoint(int Number, IReadOnlyList<SweepValue> Values, ulong? Seed)
{
    /// <summary>"rank 8, learning_rate 1e-4, seed 2".</summary>
    public override string ToString() => string.Join(", ", Values.Select(value => $"{value.Setting.Name} {value.Text}")
        .Concat(Seed is { } seed ? [$"seed {seed}"] : []).DefaultIfEmpty("the settings as they are"));
}
