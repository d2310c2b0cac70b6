using System.Text.RegularExpressions;

namespace NotebookKit.Text;

/// <summary>
/// Makes a picture's instance prompt and class prompt of its caption: <c>[filewords]</c> becomes the caption, and the
/// tokens see to it that the instance prompt names subject and class, the class prompt the class alone. The rules are
/// those of the web UI's DreamBooth extension at the version that its worked examples were written against, with the
/// empty tags and loose commas that it left behind cleaned up.
/// </summary>
/// <param name="InstancePrompt">The template for the subject's pictures.</param>
/// <param name="ClassPrompt">The template for the class images; null where there are none.</param>
/// <param name="InstanceToken">What the subject is called, <c>Rufus</c>; null to leave prompts as they are.</param>
/// <param name="ClassToken">One or two words for its kind, <c>cat</c>; null to leave prompts as they are.</param>
public sealed partial record FileWords(string InstancePrompt, string? ClassPrompt, string? InstanceToken = null, string? ClassToken = null)
{
    /// <summary>What stands in a prompt for the picture's caption.</summary>
    public const string Placeholder = "[filewords]";

    /// <summary>
    /// Puts the instance token alone where otherwise both tokens go, as the extension's later versions do: "Rufus
    /// dancing" instead of "Rufus cat dancing".
    /// </summary>
    public bool InstanceTokenOnly { get; init; }

    /// <summary>
    /// A picture's caption: the file beside it (<see cref="CaptionFile"/>), or else the file's name without its ending and without the
    /// digits
    /// and hyphens that it begins with, <c>0012 - Rufus dancing.jpg</c>.
    /// </summary>
    /// <param name="picture">The picture's path; it is not read.</param>
    /// <param name="ending">The caption files' ending, where it is not a usual one.</param>
    /// <returns>The caption, which may be empty.</returns>
    /// <exception cref="BadInputException">The file beside it is no text that can be read.</exception>
    public static string CaptionOf(string picture, string? ending = null)
    {
        return CaptionFile.Of(picture, ending) is { } file ? CaptionFile.Read(file)
            : LeadingNumber().Replace(Path.GetFileNameWithoutExtension(picture), "").Trim();
    }

    /// <summary>The prompt that one of the subject's pictures is trained with.</summary>
    /// <param name="caption">The picture's caption.</param>
    public string Instance(string caption)
    {
        var prompt = InstancePrompt.Replace(Placeholder, caption, StringComparison.Ordinal);
        if (InstanceToken is null)
            return Tidy(prompt);
        if (ClassToken is null)
            return Tidy($"{InstanceToken}, {prompt}");
        var name = InstanceTokenOnly ? InstanceToken : $"{InstanceToken} {ClassToken}";
        return Tidy((Has(prompt, InstanceToken), Has(prompt, ClassToken)) switch
        {
            (true, true) => prompt,
            (true, false) => Word(InstanceToken).Replace(prompt, Literal(name)),
            (false, true) => new Regex($@"(?<!\w)((a|an|the)\s+)?{Regex.Escape(ClassToken)}(?!\w)", RegexOptions.IgnoreCase).Replace(prompt,
                Literal(name)),
            (false, false) => $"{name}, {prompt}",
        });
    }

    /// <summary>The prompt of the class images that belong to one of the subject's pictures; null without a class prompt.</summary>
    /// <param name="caption">The picture's caption.</param>
    public string? Class(string caption)
    {
        if (ClassPrompt is null)
            return null;
        var prompt = ClassPrompt.Replace(Placeholder, caption, StringComparison.Ordinal);
        if (ClassToken is null)
            return Tidy(InstanceToken is null ? prompt : Without(prompt, InstanceToken));
        if (InstanceToken is null)
            return Tidy($"{ClassToken}, {prompt}");
        return Tidy((Has(prompt, InstanceToken), Has(prompt, ClassToken)) switch
        {
            (true, true) => Without(prompt, InstanceToken),
            (true, false) => Word(InstanceToken).Replace(prompt, Literal(ClassToken)),
            (false, true) => prompt,
            (false, false) => $"{ClassToken}, {prompt}",
        });
    }

    /// <summary>One space between words, one after each comma, no empty tags, no backslashes.</summary>
    /// <param name="prompt">Any text.</param>
    public static string Tidy(string prompt) => string.Join(", ",
        from tag in CommaBetweenTags().Split(prompt.Replace("\\", "", StringComparison.Ordinal))
        let words = Spaces().Replace(tag, " ").Trim()
        where words.Length > 0
        select words);

    private static bool Has(string prompt, string token) => Word(token).IsMatch(prompt);

    // "Rufus's cat" without Rufus is "cat".
    private static string Without(string prompt, string token) =>
        new Regex($@"(?<!\w){Regex.Escape(token)}(['’]s)?(?!\w)", RegexOptions.IgnoreCase).Replace(prompt, "");

    private static Regex Word(string token) => new($@"(?<!\w){Regex.Escape(token)}(?!\w)", RegexOptions.IgnoreCase);

    private static string Literal(string text) => text.Replace("$", "$$", StringComparison.Ordinal);

    [GeneratedRegex(@"^[-\d]+\s*")]
    private static partial Regex LeadingNumber();

    // Not the comma of 1,000.
    [GeneratedRegex(@"(?<!\d),|,(?!\d)")]
    private static partial Regex CommaBetweenTags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
