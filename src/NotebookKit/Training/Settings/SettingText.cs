using System.Globalization;
using NotebookKit.Lora;
using static TorchSharp.torch;

namespace NotebookKit.Training.Settings;

/// <summary>Values of settings as people write them: on a command line, in a field.</summary>
internal static class SettingText
{
    /// <summary>Reads a value.</summary>
    /// <param name="setting">Whose.</param>
    /// <param name="texts">What was written; several only where the setting is a list.</param>
    /// <exception cref="BadSettingException">It is no such value.</exception>
    public static object Read(Setting setting, IReadOnlyList<string> texts)
    {
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        var text = texts[^1];
        if (type == typeof(IReadOnlyList<string>))
            return texts.ToArray();
        if (type == typeof(IReadOnlyDictionary<string, double>))
            return texts.Select(one => Weight(setting, one)).ToDictionary();
        if (type == typeof(IReadOnlyList<LoraRank>))
            return texts.Select(one => Rank(setting, one)).ToArray();
        if (type == typeof(IReadOnlyList<KnobTurn>))
            return texts.Select(one => Turn(setting, one)).ToArray();
        if (type == typeof(string))
            return text;
        if (type == typeof(LoraTargets))
            return LoraTargets.Parse(text);
        if (type == typeof(ScalarType))
            return Precision.TypeOf(text, setting.Flag);
        if (type.IsEnum)
            return Choices.Of(type, setting.Flag, text);
        if (type == typeof(bool))
            return bool.TryParse(text, out var on) ? on ^ setting.Inverted : throw Wrong("true or false");
        if (type == typeof(int))
            return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var whole) ? whole
                : throw Wrong("a whole number");
        if (type == typeof(ulong))
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var natural) ? natural
                : throw Wrong("a whole number of 0 or more");
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong("a number");

        BadSettingException Wrong(string kind) => new($"{setting.Flag} must be {kind}, not '{text}'.");
    }

    /// <summary>A value as <see cref="Read"/> takes it, one text for each entry of a list; a switch as its flag has it.</summary>
    public static IReadOnlyList<string> WriteAll(Setting setting, object value) => value switch
    {
        bool on => [Write(on ^ setting.Inverted)],
        IReadOnlyList<string> texts => texts,
        IReadOnlyDictionary<string, double> weights =>
            [.. weights.Select(pair => FormattableString.Invariant($"{pair.Key}={pair.Value:R}"))],
        IReadOnlyList<LoraRank> ranks =>
            [.. ranks.Select(rank => FormattableString.Invariant($"{rank.Layers}={rank.Rank}")
                + (rank.Alpha is { } alpha ? FormattableString.Invariant($":{alpha:R}") : ""))],
        IReadOnlyList<KnobTurn> turns => [.. turns.SelectMany(Texts)],
        _ => [Write(value)],
    };

    /// <summary>A single value in words.</summary>
    public static string Write(object value) => value switch
    {
        double number => Number(number),
        ScalarType type => Precision.NameOf(type),
        Enum choice => Choices.Name(choice),
        bool on => on ? "true" : "false",
        _ => FormattableString.Invariant($"{value}"),
    };

    // Small numbers as people write rates, where that is the whole number.
    private static string Number(double number)
    {
        var shown = number.ToString("0.#####e-0", CultureInfo.InvariantCulture);
        return number is > 0 and < 1e-3 && double.Parse(shown, CultureInfo.InvariantCulture) == number ? shown
            : number.ToString("R", CultureInfo.InvariantCulture);
    }

    private static (string, double) Weight(Setting setting, string text)
    {
        var at = text.LastIndexOf('=');
        return at > 0 && double.TryParse(text.AsSpan(at + 1), CultureInfo.InvariantCulture, out var weight)
            ? (text[..at], weight)
            : throw new BadSettingException($"{setting.Flag} is FILE=WEIGHT, such as rabbit-1.png=2, not '{text}'.");
    }

    private static LoraRank Rank(Setting setting, string text)
    {
        var at = text.LastIndexOf('=');
        var numbers = text[(at + 1)..].Split(':');
        double alpha = 0;
        return at > 0 && int.TryParse(numbers[0], NumberStyles.Integer, CultureInfo.InvariantCulture, out var rank)
            && (numbers.Length == 1 || (numbers.Length == 2 && double.TryParse(numbers[1], CultureInfo.InvariantCulture, out alpha)))
            ? new LoraRank(LoraTargets.Parse(text[..at]), rank, numbers.Length == 2 ? alpha : null)
            : throw new BadSettingException($"{setting.Flag} is LAYERS=RANK or LAYERS=RANK:ALPHA, such as mid_block=4, not '{text}'.");
    }

    private static IEnumerable<string> Texts(KnobTurn turn)
    {
        if (turn.PriorLossWeight is { } weight)
            yield return FormattableString.Invariant($"{turn.Step}:prior_loss_weight={weight:R}");
        if (turn.RateFactor is { } factor)
            yield return FormattableString.Invariant($"{turn.Step}:rate_factor={factor:R}");
    }

    private static KnobTurn Turn(Setting setting, string text)
    {
        var parts = text.Split(':', '=');
        if (parts.Length == 3 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var step)
            && double.TryParse(parts[2], CultureInfo.InvariantCulture, out var value) && value >= 0 && double.IsFinite(value))
        {
            if (parts[1] == "prior_loss_weight")
                return new KnobTurn(step, PriorLossWeight: value);
            if (parts[1] == "rate_factor")
                return new KnobTurn(step, RateFactor: value);
        }

        throw new BadSettingException($"{setting.Flag} is STEP:prior_loss_weight=NUMBER or STEP:rate_factor=NUMBER, not '{text}'.");
    }
}
