using System.Globalization;
using System.Text.RegularExpressions;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>The Chinese course has the English one's code, outputs and figures, and prose of its own.</summary>
public sealed partial class ChineseCourseTests
{
    private static string Folder => Path.Combine(NotebookFile.Folder, "zh");

    public static TheoryData<string> Course() => NotebookFile.Course();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Its_code_and_outputs_are_the_originals(string name)
    {
        var (original, chinese) = Both(name);

        Assert.Equal(NotebookTranslation.Refresh(original, chinese).ToText(), chinese.ToText());
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Every_cell_of_prose_translates_what_the_original_says_now(string name)
    {
        var (original, chinese) = Both(name);

        Assert.Empty(NotebookTranslation.Stale(original, chinese).Select(id =>
            $"{id}: read the original again, mend the Chinese, and set {NotebookTranslation.Field} to "
                + NotebookTranslation.Fingerprint(original.Cells.First(cell => cell.Id == id).Source)));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Its_prose_is_Chinese_and_tells_the_same_figures(string name)
    {
        var (original, chinese) = Both(name);
        foreach (var cell in original.Cells.Where(cell => cell.IsMarkdown))
        {
            var translated = chinese.Cells.First(other => other.Id == cell.Id).Source;
            Assert.Matches(Han(), translated);
            Assert.True(Numbers(cell.Source).SequenceEqual(Numbers(translated)), $"{cell.Id}: [{string.Join(' ', Numbers(cell.Source))}] "
                + $"became [{string.Join(' ', Numbers(translated))}]");
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void Its_links_lead_somewhere(string name)
    {
        foreach (var link in new NotebookFile(Path.Combine(Folder, name)).RelativeLinks())
            Assert.True(Path.Exists(Path.GetFullPath(Path.Combine(Folder, link))), $"zh/{name} links to {link}, which is not there");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Course))]
    public void The_glossary_has_its_new_words(string name)
    {
        var glossary = File.ReadAllText(Path.Combine(Folder, "glossary.md"));
        var words = Row().Matches(CourseTests.Section(name, "## New words")).Select(row => row.Groups[1].Value.Trim(' ', '`', '*'))
            .Where(word => word is not "word" && !word.StartsWith(':')).SelectMany(word => word.Split(", "));

        Assert.All(words, word => Assert.Contains(word.Trim('`'), glossary, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("1.23 亿个参数", "123 million parameters")]
    [InlineData("8.6 亿 and 8400 万", "860 and 84 million")]
    [InlineData("0.15 到 0.4", "0.15 to 0.4")]
    public void Figures_are_the_same_in_either_languages_way_of_counting(string chinese, string english) =>
        Assert.Equal(Numbers(english), Numbers(chinese));

    private static (NotebookDocument Original, NotebookDocument Chinese) Both(string name) =>
        (NotebookDocument.Load(Path.Combine(NotebookFile.Folder, name)), NotebookDocument.Load(Path.Combine(Folder, name)));

    // 1.23 亿 are 123 million, 8400 万 are 84; what stands in code, formulas and links is no figure of the prose.
    private static List<double> Numbers(string prose) =>
        [.. Number().Matches(Foreign().Replace(prose, " ")).Select(match =>
            double.Parse(match.Groups[1].Value.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
                * (match.Groups[2].Value.Trim() switch { "亿" => 100, "万" => 0.01, _ => 1 })).Select(value => Math.Round(value, 6)).Order()];

    [GeneratedRegex("```.*?```|`[^`\n]*`|\\$[^$\n]+\\$|\\]\\([^)]*\\)", RegexOptions.Singleline)]
    private static partial Regex Foreign();

    [GeneratedRegex(@"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(\s?[亿万])?")]
    private static partial Regex Number();

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Han();

    [GeneratedRegex(@"^\|([^|]+)\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
