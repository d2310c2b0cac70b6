using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Training.Settings;

namespace NotebookKit.Sweeps;

/// <summary>A range of numbers: from, to, and either how many (evenly, or evenly in ratio), by how much, or times how much.</summary>
internal static class SweepRange
{
    private const int Most = 10_000;
    private static readonly string[] Fields = ["from", "to", "steps", "log", "by", "times"];

    public static IReadOnlyList<object?> Of(string path, Setting setting, JsonObject range)
    {
        var where = $"{path}: the range of \"{setting.Name}\"";
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        if (type != typeof(int) && type != typeof(double) && type != typeof(ulong))
            throw new BadInputException($"{where} has no sense, as its values are no numbers; give a list of values.");
        if (range.Select(field => field.Key).FirstOrDefault(name => !Fields.Contains(name)) is { } unknown)
            throw new BadInputException($"{where} has no field '{unknown}'; {NearestName.Hint(unknown, Fields)}");
        var (from, to) = (Number(where, range, "from")!.Value,
            Number(where, range, "to") ?? throw new BadInputException($"{where} lacks \"to\"; say where it ends."));
        var log = range["log"] is { } flag && (flag.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? (bool)flag
            : throw new BadInputException($"{where}: \"log\" must be true or false."));
        var numbers = (Number(where, range, "steps"), Number(where, range, "by"), Number(where, range, "times")) switch
        {
            ({ } steps, null, null) => Evenly(where, from, to, steps, log),
            (null, { } by, null) when by > 0 => Until(where, from, to, x => x + by),
            (null, null, { } times) when times > 1 && from > 0 => Until(where, from, to, x => x * times),
            _ => throw new BadInputException($"{where} needs one of \"steps\" (how many values), \"by\" (above 0, added each time) or "
                + "\"times\" (above 1, multiplied each time, from above 0)."),
        };
        // 0.30000000000000004 is 0.3 to whoever wrote it.
        var rounded = numbers.Select(number => double.Parse(number.ToString("G12", CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture));
        return type == typeof(double) ? [.. rounded.Distinct().Select(number => (object?)number)]
            : [.. rounded.Select(number => Math.Round(number)).Distinct()
                .Select(number => (object?)Convert.ChangeType(number, type, CultureInfo.InvariantCulture))];
    }

    private static IEnumerable<double> Evenly(string where, double from, double to, double steps, bool log)
    {
        if (steps != Math.Floor(steps) || steps is < 2 or > Most)
            throw new BadInputException($"{where}: \"steps\" must be a whole number from 2 to {Most}.");
        if (log && (from <= 0 || to <= 0))
            throw new BadInputException($"{where}: a range in ratios (\"log\") must lie above 0.");
        return Enumerable.Range(0, (int)steps).Select(i => i / (steps - 1))
            .Select(share => log ? from * Math.Pow(to / from, share) : from + ((to - from) * share));
    }

    private static List<double> Until(string where, double from, double to, Func<double, double> next)
    {
        var numbers = new List<double>();
        for (var x = from; x <= to * (1 + 1e-9); x = next(x))
        {
            numbers.Add(x);
            if (numbers.Count > Most)
                throw new BadInputException($"{where} has more than {Most} values; take larger steps.");
        }

        return numbers;
    }

    private static double? Number(string where, JsonObject range, string name) => range[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => (double)value,
        _ => throw new BadInputException($"{where}: \"{name}\" must be a number."),
    };
}
