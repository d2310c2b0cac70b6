using System.Globalization;
using System.Text.Json.Nodes;
using NotebookKit.Training;
using NotebookKit.Training.Settings;
using Tomlyn.Model;

namespace NotebookKit.Interop;

/// <summary>A value of another trainer's file as a setting's.</summary>
internal static class ConfigValue
{
    /// <summary>The run with it.</summary>
    /// <exception cref="BadInputException">The setting takes no such value; the sentence names file and field.</exception>
    public static TrainOptions Set(string path, string field, TrainOptions run, string name, object value)
    {
        var setting = Setting.All.First(setting => setting.Name == name);
        var text = Plain(setting, value);
        try
        {
            var read = SettingText.Read(setting, [setting.Inverted ? Switched(text) : text]);
            return setting.Complaint(read) is { } complaint ? throw new BadSettingException(complaint) : setting.With(run, read);
        }
        catch (BadInputException e)
        {
            throw new BadInputException($"{path}: {field} {Shown(value)} cannot be taken over: "
                + (e is BadSettingException bad ? BadSettingException.InNames(bad.InFlags) : e.Message), e);
        }
    }

    /// <summary>A value as a sentence shows it.</summary>
    public static string Shown(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool on => on ? "true" : "false",
        TomlArray list => $"[{string.Join(", ", list.Select(Shown))}]",
        JsonNode node => node.ToJsonString(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };

    // 5.0 is 5 where a whole number is wanted.
    private static string Plain(Setting setting, object value)
    {
        var text = value is JsonValue json ? json.ToString() : value is bool on ? (on ? "true" : "false")
            : value is IFormattable number ? number.ToString(null, CultureInfo.InvariantCulture) : $"{value}";
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        return (type == typeof(int) || type == typeof(ulong)) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture,
            out var whole)
            && whole == Math.Floor(whole) && Math.Abs(whole) < 1e15 ? whole.ToString("0", CultureInfo.InvariantCulture) : text;
    }

    private static string Switched(string text) => bool.TryParse(text, out var on) ? on ? "false" : "true" : text;
}
