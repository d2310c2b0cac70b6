using System.Text.RegularExpressions;

namespace NotebookKit.Tests;

/// <summary>The house can be walked through: a folder is a namespace, and no two rooms need each other.</summary>
public sealed partial class RoomsTests
{
    private static readonly string Sources = Path.Combine(House.Root, "src");

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void A_files_namespace_is_its_folder(string root)
    {
        var folder = Path.Combine(House.Root, root);
        var strangers = from file in Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
                        let place = Path.GetRelativePath(folder, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.')
                        let stated = Namespace().Match(File.ReadAllText(file))
                        where stated.Success && stated.Groups[1].Value != place && !place.Contains(".obj", StringComparison.Ordinal)
                        select $"{place}: {stated.Groups[1].Value}";
        Assert.Empty(strangers);
    }

    [Fact]
    public void The_models_are_networks_and_know_no_pipeline()
    {
        Assert.Equal(["Checkpoints", "Tensors"], Needs("NotebookKit")["Models"].Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("NotebookKit")]
    [InlineData("NotebookKit.Notebooks")]
    [InlineData("NotebookKit.Workshop")]
    public void No_two_rooms_need_each_other(string project)
    {
        var needs = Needs(project);
        Assert.NotEmpty(needs);
        while (needs.Keys.FirstOrDefault(room => !needs[room].Any(needs.ContainsKey)) is { } last)
            needs.Remove(last);
        // What is left goes round.
        Assert.Empty(needs.Select(room => $"{room.Key} needs {string.Join(", ", room.Value.Where(needs.ContainsKey))}"));
    }

    // A using that nothing needs does not build, so the usings are what a room needs.
    internal static Dictionary<string, HashSet<string>> Needs(string project) =>
        Directory.GetDirectories(Path.Combine(Sources, project)).ToDictionary(
            room => Path.GetFileName(room),
            room => (from file in Directory.GetFiles(room, "*.cs", SearchOption.AllDirectories)
                     from Match use in Regex.Matches(File.ReadAllText(file), $@"(?<!namespace )\b{Regex.Escape(project)}\.([A-Z]\w*)")
                     let other = use.Groups[1].Value
                     where other != Path.GetFileName(room) && Directory.Exists(Path.Combine(Sources, project, other))
                     select other).ToHashSet());

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
