using System.Text;

namespace NotebookKit.Training.Settings;

/// <summary>The settings as the documents list them, a table for each theme, in Markdown.</summary>
public static class SettingsTable
{
    /// <summary>All of them.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder();
        foreach (var theme in Setting.All.GroupBy(setting => setting.Theme))
        {
            text.Append(theme.Key.Length == 0 ? "The run (`TrainOptions`):\n\n" : theme.Key == "Concept"
                ? "Each concept (`Concepts`; flags change the first):\n\n" : $"`{theme.Key}`:\n\n");
            text.Append("| flag | in C# | what it does | needs | may change on `--resume` |\n|---|---|---|---|---|\n");
            foreach (var setting in theme)
                text.Append($"| `{setting.Flag}` | `{setting.Property.Name}` | "
                    + $"{setting.Help.Replace("|", "\\|", StringComparison.Ordinal)} | {NeedWords.Of(setting.Needs)} | "
                    + $"{(setting.MayChange ? "yes" : "")} |\n");
            text.Append('\n');
        }

        return text.ToString();
    }
}
