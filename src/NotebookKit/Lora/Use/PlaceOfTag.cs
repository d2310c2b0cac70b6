using NotebookKit.Text;

namespace NotebookKit.Lora.Use;

/// <summary>Sentences about LoRA tags that stand where they do something else than somebody may think.</summary>
public static class PlaceOfTag
{
    /// <summary>Tags in a negative prompt: the web UI reads them as words, and so does the kit.</summary>
    /// <param name="negative">The negative prompt.</param>
    /// <param name="library">Where the names are looked up.</param>
    public static IEnumerable<string> InNegative(string negative, LoraLibrary library)
    {
        foreach (var tag in ExtraNetworkTag.TakeOut(negative).Tags.Where(tag => tag.IsLora))
        {
            yield return $"{tag.Text} in the negative prompt is read as words, as in the web UI; write it into the prompt, with a "
                + "multiplier below 0 to lead away from it.";
            if (tag.Positional is [var name, ..] && library.Find(name.Trim()) is null)
                yield return library.Missing(name.Trim());
        }
    }

    /// <summary>Tags inside <c>[from:to:when]</c> or <c>[a|b]</c>, which change words and no LoRAs.</summary>
    /// <param name="prompt">The prompt with its tags.</param>
    public static IEnumerable<string> InSchedules(string prompt)
    {
        var at = 0;
        foreach (var tag in ExtraNetworkTag.TakeOut(prompt).Tags.Where(tag => tag.IsLora))
        {
            at = prompt.IndexOf(tag.Text, at, StringComparison.Ordinal);
            if (IsInside(prompt, at, tag.Text.Length))
                yield return $"{tag.Text} acts in every step, as in the web UI: a schedule changes words, and no LoRA.";
            at += tag.Text.Length;
        }
    }

    // Between the bracket that is open before it and the one that closes it stands a colon or a bar of its own.
    private static bool IsInside(string prompt, int at, int length)
    {
        var (start, depth) = (at - 1, 0);
        for (; start >= 0 && !(prompt[start] == '[' && depth == 0); start--)
            depth += prompt[start] == ']' ? 1 : prompt[start] == '[' ? -1 : 0;
        var (end, below) = (at + length, 0);
        for (; end < prompt.Length && !(prompt[end] == ']' && below == 0); end++)
            below += prompt[end] == '[' ? 1 : prompt[end] == ']' ? -1 : 0;
        return start >= 0 && end < prompt.Length && HasMarkOfItsOwn(ExtraNetworkTag.TakeOut(prompt[(start + 1)..end]).Prompt);
    }

    // The colon of (toy:1.2) or of a schedule inside is not the bracket's own.
    private static bool HasMarkOfItsOwn(string inside)
    {
        var depth = 0;
        foreach (var sign in inside)
        {
            depth += sign is '(' or '[' ? 1 : sign is ')' or ']' ? -1 : 0;
            if (depth == 0 && sign is (':' or '|'))
                return true;
        }

        return false;
    }
}
