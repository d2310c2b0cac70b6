namespace NotebookKit;

/// <summary>A list of names in a sentence, which may be long: the first ones, and how many more there are.</summary>
internal static class FirstNames
{
    /// <summary>"a, b, c and 4 more".</summary>
    /// <param name="names">All of them.</param>
    /// <param name="most">How many are named.</param>
    public static string Of(IReadOnlyCollection<string> names, int most) =>
        string.Join(", ", names.Take(most)) + (names.Count > most ? $" and {names.Count - most} more" : "");
}
