using NotebookKit.Training.Settings;

namespace NotebookKit.Tests.Training.Settings;

public sealed class SettingsTableTests
{
    private const string Begin = "<!-- settings: written from the declarations -->\n", End = "<!-- end of settings -->\n";

    /// <summary>With <c>KIT_WRITE=1</c> it is written anew.</summary>
    [Fact]
    public void The_document_lists_the_settings_as_they_are_declared()
    {
        var file = Path.Combine(House.Root, "docs", "training.md");
        var text = File.ReadAllText(file);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("KIT_WRITE") == "1")
            File.WriteAllText(file, text = text[..from] + SettingsTable.Markdown() + text[to..]);
        else
            Assert.Equal(SettingsTable.Markdown(), text[from..to]);
    }
}
