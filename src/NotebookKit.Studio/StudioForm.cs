using System.Text.RegularExpressions;
using System.Reflection;
using NotebookKit.Lora;
using NotebookKit.Schedulers;
using NotebookKit.Training;
using NotebookKit.Training.Settings;

namespace NotebookKit.Studio;

/// <summary>The settings as fields of a form, made from their declarations, and the form read back.</summary>
internal static class StudioForm
{
    // What the studio decides itself.
    private static readonly HashSet<string> Own = ["output", "resume", "turns"];

    // What a beginner sees, in this order.
    private static readonly string[] First = ["instance_dir", "instance_prompt", "class_prompt", "class_images", "method",
        "prior_loss_weight", "epochs", "rank"];

    /// <summary>The settings that the form has.</summary>
    public static IEnumerable<Setting> Settings => Setting.All.Where(setting => !Own.Contains(setting.Name));

    /// <summary>The fields, in the article's groups; every value as it would be without a word said.</summary>
    public static IEnumerable<FieldGroup> Groups(TrainOptions usual) =>
        from name in ArticleGroups.Names
        select new FieldGroup(name, [.. Settings.Where(setting => ArticleGroups.Of(setting) == name)
            .Select(setting => Field(setting, usual))]);

    /// <summary>Reads a form; what is wrong with a field stands under its name.</summary>
    /// <exception cref="BadInputException">There is no such field.</exception>
    public static TrainOptions Read(IReadOnlyDictionary<string, string[]> form, TrainOptions usual, IDictionary<string, string> wrong)
    {
        var options = usual;
        foreach (var (name, texts) in form)
        {
            if (Settings.FirstOrDefault(setting => setting.Name == name) is not { } setting)
                throw new BadInputException($"There is no setting '{name}'; reload the page.");
            if (texts is null || texts.Any(text => text is null))
                throw new BadInputException($"The setting '{name}' has no text; reload the page.");
            try
            {
                if (texts.Any(text => text.Length > 0))
                    options = setting.With(options, SettingText.Read(setting, texts));
                else if (IsOptional(setting.Property))
                    options = setting.With(options, null);
                else if (Shown(setting, usual) is { Length: > 0 } shown)
                    wrong[name] = $"{name.Replace('_', ' ')} is empty; {shown} is usual.";
            }
            catch (BadInputException e)
            {
                wrong[name] = AtField(e.Message, name);
            }
        }

        return options;
    }

    /// <summary>Which field a sentence is about: the first kind of name that it has, in code, on the command line, in words.</summary>
    public static string FieldOf(string sentence)
    {
        Func<Setting, string>[] names = [setting => setting.Path, setting => setting.Flag, setting => setting.Property.Name,
            setting => setting.Name.Replace('_', ' ')];
        return names.Select(name => Settings.Where(setting => sentence.Contains(name(setting), StringComparison.OrdinalIgnoreCase))
            .MaxBy(setting => name(setting).Length)).FirstOrDefault(setting => setting is not null)?.Name ?? "";
    }

    /// <summary>A sentence about a field with the field's own name where it names the property or the flag.</summary>
    public static string AtField(string sentence, string field) =>
        Settings.FirstOrDefault(setting => setting.Name == field) is not { } setting ? sentence
            : Regex.Replace(sentence, $@"^{Regex.Escape(setting.Path)}\b|{setting.Flag}\b", field.Replace('_', ' '));

    /// <summary>A setting's value in a run as a field shows it.</summary>
    public static string Shown(Setting setting, TrainOptions options) =>
        setting.Of(options) is { } value ? string.Join("; ", SettingText.WriteAll(setting, value)) : "";

    private static FormField Field(Setting setting, TrainOptions usual)
    {
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        string[]? choices = type.IsEnum && type != typeof(TorchSharp.torch.ScalarType)
            ? [.. Enum.GetValues(type).Cast<Enum>().Select(Choices.Name)] : setting.Name switch
            {
                "schedule" => [.. LrSchedule.Names],
                "sampler" => [.. Scheduler.Names],
                "lora_kind" => [.. LoraOptions.Kinds],
                "save_as" => ["float16", "bfloat16", "float32"],
                _ => null,
            };
        if (choices is not null && IsOptional(setting.Property))
            choices = ["", .. choices];
        var kind = choices is not null ? "choice" : type == typeof(bool) ? "switch" : type == typeof(int) || type == typeof(ulong) ? "whole"
            : type == typeof(double) ? "number" : type == typeof(string) || type == typeof(LoraTargets) ? "text" : "list";
        return new FormField(setting.Name, setting.Flag, setting.Path, setting.Help, kind, choices, Shown(setting, usual),
            Array.IndexOf(First, setting.Name) is >= 0 and var place ? place : null, setting.Bounds, ArticleGroups.ValueOf(setting));
    }

    private static bool IsOptional(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || (!property.PropertyType.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);
}

/// <summary>Fields that belong together.</summary>
internal sealed record FieldGroup(string Name, IReadOnlyList<FormField> Fields);

/// <summary>A field of the form.</summary>
/// <param name="Name">The setting's name in run cards.</param>
/// <param name="Flag">Its flag.</param>
/// <param name="Path">Its name in code, which sentences have.</param>
/// <param name="Help">Its sentence.</param>
/// <param name="Kind">choice, switch, whole, number, text, or list (parts between semicolons).</param>
/// <param name="Choices">What a choice chooses from.</param>
/// <param name="Usual">Its value while nobody says another.</param>
/// <param name="First">Its place among those that a beginner sees; null for the others.</param>
/// <param name="Bounds">What its numbers may be.</param>
/// <param name="Article">What the article says that it is.</param>
internal sealed record FormField(string Name, string Flag, string Path, string Help, string Kind, string[]? Choices, string Usual,
    int? First, string? Bounds, string? Article);
