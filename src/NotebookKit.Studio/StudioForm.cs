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

    /// <summary>What a beginner sees.</summary>
    private static readonly string[] First = ["instance_dir", "instance_prompt", "class_prompt", "class_images", "method",
        "prior_loss_weight", "epochs", "rank"];

    /// <summary>The fields, in groups; every value as it would be without a word said.</summary>
    public static IEnumerable<FieldGroup> Groups(TrainOptions usual) =>
        from setting in Setting.All
        where !Own.Contains(setting.Name)
        group Field(setting, usual) by setting.Theme.Length > 0 ? setting.Theme : "Method" into fields
        select new FieldGroup(fields.Key, [.. fields]);

    /// <summary>Reads a form; what is wrong with a field stands under its name.</summary>
    public static TrainOptions Read(IReadOnlyDictionary<string, string[]> form, TrainOptions usual, IDictionary<string, string> wrong)
    {
        var options = usual;
        foreach (var (name, texts) in form)
        {
            if (Setting.All.FirstOrDefault(setting => setting.Name == name && !Own.Contains(name)) is not { } setting)
                throw new BadInputException($"There is no setting '{name}'; reload the page.");
            try
            {
                if (texts.Length > 0 && texts[0].Length > 0)
                    options = setting.With(options, SettingText.Read(setting, texts));
            }
            catch (BadInputException e)
            {
                wrong[name] = e.Message;
            }
        }

        return options;
    }

    /// <summary>Which field a sentence is about: the first that it names; empty where none is.</summary>
    public static string FieldOf(string sentence) =>
        Setting.All.Where(setting => sentence.Contains(setting.Property.Name, StringComparison.Ordinal)
                || sentence.Contains(setting.Flag, StringComparison.Ordinal))
            .OrderByDescending(setting => setting.Property.Name.Length).FirstOrDefault()?.Name ?? "";

    private static FormField Field(Setting setting, TrainOptions usual)
    {
        var type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        string[]? choices = type.IsEnum ? [.. Enum.GetValues(type).Cast<Enum>().Select(Choices.Name)] : setting.Name switch
        {
            "schedule" => [.. LrSchedule.Names],
            "sampler" => [.. Scheduler.Names],
            "lora_kind" => [.. LoraOptions.Kinds],
            _ => null,
        };
        var kind = choices is not null ? "choice" : type == typeof(bool) ? "switch" : type == typeof(int) || type == typeof(ulong) ? "whole"
            : type == typeof(double) ? "number" : type == typeof(string) ? "text" : "list";
        var value = setting.Of(usual) is { } now ? SettingText.WriteAll(setting, now) : [];
        return new FormField(setting.Name, setting.Flag, setting.Help, kind, choices, string.Join(' ', value),
            First.Contains(setting.Name));
    }
}

/// <summary>Fields that belong together.</summary>
internal sealed record FieldGroup(string Name, IReadOnlyList<FormField> Fields);

/// <summary>A field: its name in run cards, its flag, its sentence, what it takes, and what is usual.</summary>
internal sealed record FormField(string Name, string Flag, string Help, string Kind, string[]? Choices, string Usual, bool First);
