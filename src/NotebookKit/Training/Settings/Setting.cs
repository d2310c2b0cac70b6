using System.Globalization;
using System.Reflection;
using System.Text.Json;
using NotebookKit.Training.Concepts;

namespace NotebookKit.Training.Settings;

/// <summary>
/// One setting of a run as its <see cref="SettingAttribute"/> declares it: how it is read, changed, checked and named. It
/// belongs to the run, to one of the run's themes such as <see cref="LossSettings"/>, or to a concept, of which flags
/// change the first.
/// </summary>
public sealed class Setting
{
    private static readonly MethodInfo Clone = typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!;

    private readonly PropertyInfo? _theme;
    private readonly SettingAttribute _declared;

    private Setting(PropertyInfo? theme, PropertyInfo property, SettingAttribute declared)
    {
        (_theme, Property, _declared) = (theme, property, declared);
        Name = declared.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
    }

    /// <summary>All settings: the concept's, then the run's, as they are defined.</summary>
    public static IReadOnlyList<Setting> All { get; } =
        [.. Declared(typeof(Concept), null),
            .. typeof(TrainOptions).GetProperties()
                .SelectMany(property => IsTheme(property) ? Declared(property.PropertyType, property) : Declared(property, null))];

    /// <summary>The property.</summary>
    public PropertyInfo Property { get; }

    /// <summary>Its name in run cards, such as <c>prior_loss_weight</c>.</summary>
    public string Name { get; }

    /// <summary>Its name in code, such as <c>Loss.PriorLossWeight</c>.</summary>
    public string Path => _theme is null ? Property.Name : $"{_theme.Name}.{Property.Name}";

    /// <summary>What it belongs to: <c>Loss</c>, <c>Concept</c>; empty for the run itself.</summary>
    public string Theme => _theme?.Name ?? (OfConcept ? nameof(Concept) : "");

    /// <summary>Whether every concept has its own.</summary>
    public bool OfConcept => Property.DeclaringType == typeof(Concept);

    /// <summary>Its name on the command line, such as <c>--prior-loss-weight</c>.</summary>
    public string Flag => _declared.Flag;

    /// <summary>Whether the flag switches off what is on.</summary>
    public bool Inverted => Property.PropertyType == typeof(bool) && Flag.StartsWith("--no-", StringComparison.Ordinal);

    /// <summary>What the run must have for it to do anything.</summary>
    public Need Needs => _declared.Needs;

    /// <summary>What its numbers count; null where nothing needs saying.</summary>
    public string? Unit => _declared.Unit;

    /// <summary>Whether a run may go on from a checkpoint with another value.</summary>
    public bool MayChange => _declared.MayChange;

    /// <summary>What stands for a value that isn't given: the property's own, or what is filled in for null.</summary>
    public string? Usual => _declared.Otherwise ?? (Of(new TrainOptions()) switch
    {
        null or "" or false or 0 or 0.0 or 0UL or System.Collections.ICollection => null,
        var value => Inverted ? null : SettingText.Write(value),
    });

    /// <summary>The line of help: what it needs, what it does, and what is usual.</summary>
    public string Help => NeedWords.Before(Needs) + _declared.Sentence + (Usual is { } usual ? $" ({usual})" : "");

    /// <summary>What its numbers may be, such as "from 0 to 1"; null where any may.</summary>
    public string? Bounds
    {
        get
        {
            var (min, max, above, below) = (_declared.Min, _declared.Max, _declared.Above, _declared.Below);
            return (double.IsFinite(above), double.IsFinite(min), double.IsFinite(below), double.IsFinite(max)) switch
            {
                (_, true, true, _) => Invariant($"from {min} to below {below}"),
                (_, true, _, true) => Invariant($"from {min} to {max}"),
                (true, _, _, true) => Invariant($"above {above} and at most {max}"),
                (true, _, _, _) => Invariant($"above {above}"),
                (_, true, _, _) => min == 0 ? "0 or more" : Invariant($"at least {min}"),
                _ => null,
            };
        }
    }

    /// <summary>Its value in a run; that of the first concept where every concept has one.</summary>
    public object? Of(TrainOptions options) => Property.GetValue(Owner(options));

    /// <summary>A run with another value.</summary>
    public TrainOptions With(TrainOptions options, object? value)
    {
        var owner = Clone.Invoke(Owner(options), null)!;
        Property.SetValue(owner, value);
        if (owner is TrainOptions run)
            return run;
        if (owner is Concept concept)
            return options with { Concepts = [concept, .. options.Concepts.Skip(1)] };
        var changed = (TrainOptions)Clone.Invoke(options, null)!;
        _theme!.SetValue(changed, owner);
        return changed;
    }

    /// <summary>Whether a value lies within the bounds; the sentence that says how not, or null.</summary>
    internal string? Complaint(object? value)
    {
        if (value is not IConvertible || value is string or bool or Enum or null)
            return null;
        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        var (min, max, above, below) = (_declared.Min, _declared.Max, _declared.Above, _declared.Below);
        if (double.IsFinite(number) && number >= min && number <= max && number > above && number < below)
            return null;
        return string.Create(CultureInfo.InvariantCulture, $"{Flag} must be {Bounds ?? "a number"}{(Unit is null ? "" : " " + Unit)}, "
            + $"not {value}{(_declared.Usual is null ? "" : "; " + _declared.Usual)}.");
    }

    /// <summary>What files note of it, under kohya's names.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Notes(TrainOptions options)
    {
        var value = Of(options);
        var text = value is null || (_declared.ZeroIsNone && value is 0 or 0.0) ? "None" : value is bool flag ? (flag ? "True" : "False")
            : Invariant($"{value}");
        return (_declared.Note?.Split(' ') ?? []).Select(note => KeyValuePair.Create(note, text));
    }

    private static bool IsTheme(PropertyInfo property) =>
        property.PropertyType.IsClass && property.PropertyType.GetProperties().Any(inner => inner.IsDefined(typeof(SettingAttribute)));

    private static IEnumerable<Setting> Declared(Type type, PropertyInfo? theme) =>
        type.GetProperties().SelectMany(property => Declared(property, theme));

    private static IEnumerable<Setting> Declared(PropertyInfo property, PropertyInfo? theme) =>
        property.GetCustomAttribute<SettingAttribute>() is { } declared ? [new Setting(theme, property, declared)] : [];

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private object Owner(TrainOptions options) => OfConcept ? options.Concepts[0] : _theme?.GetValue(options) ?? options;
}
