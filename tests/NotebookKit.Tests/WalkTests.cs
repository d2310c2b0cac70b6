using System.Text.RegularExpressions;

namespace NotebookKit.Tests;

/// <summary><c>docs/walk.md</c> leads through the library along the way of its data.</summary>
public sealed partial class WalkTests
{
    private static readonly string Walk = Path.Combine(House.Root, "docs", "walk.md");

    public static TheoryData<string> Ways => [.. File.ReadAllText(Walk).Split("\n## ").Skip(1).Select(way => way.Split('\n')[0])];

    /// <summary>With <c>KIT_WRITE=1</c> the sentences are written anew.</summary>
    [Fact]
    public void Each_file_is_there_and_its_sentence_is_its_own()
    {
        var told = File.ReadAllText(Walk);
        var now = Line().Replace(told,
            line => $"- [{line.Groups[1].Value}](../src/NotebookKit/{line.Groups[1].Value}): {Sentence(line.Groups[1].Value)}");
        if (Environment.GetEnvironmentVariable("KIT_WRITE") == "1")
            File.WriteAllText(Walk, now);
        else
            Assert.Equal(now, told);
        Assert.True(Line().Count(told) > 60);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void No_step_goes_back(string way)
    {
        var needs = RoomsTests.Needs("NotebookKit");
        var text = File.ReadAllText(Walk).Split("\n## ").Single(part => part.StartsWith(way, StringComparison.Ordinal));
        var rooms = Line().Matches(text).Select(line => line.Groups[1].Value.Split('/')[0]).ToList();
        Assert.NotEmpty(rooms);
        // A room that an earlier one needs would have to be visited first.
        var back = from earlier in Enumerable.Range(0, rooms.Count)
                   from later in Enumerable.Range(earlier + 1, rooms.Count - earlier - 1)
                   where needs[rooms[earlier]].Contains(rooms[later])
                   select $"{rooms[earlier]} needs {rooms[later]}, which comes after it";
        Assert.Empty(back.Distinct());
    }

    private static string Sentence(string file)
    {
        var summary = Summary().Match(File.ReadAllText(Path.Combine(House.Root, "src", "NotebookKit", file))).Groups[1].Value;
        var plain = Spaces().Replace(Tags().Replace(summary.Replace("///", "", StringComparison.Ordinal),
            tag => Named().Match(tag.Value) is { Success: true } named ? named.Groups[1].Value : ""), " ").Trim();
        return End().Match(plain) is { Success: true } end ? plain[..(end.Index + 1)] : plain;
    }

    [GeneratedRegex(@"^- \[([\w/]+\.cs)\]\([^)]*\):[^\n]*", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"<summary>(.*?)</summary>", RegexOptions.Singleline)]
    private static partial Regex Summary();

    [GeneratedRegex(@"<[^>]+>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"(?:cref|name)=""(?:\w+\.)*(\w+)[^""]*""")]
    private static partial Regex Named();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\.(?= [A-Z])")]
    private static partial Regex End();
}
