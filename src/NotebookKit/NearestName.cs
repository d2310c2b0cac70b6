namespace NotebookKit;

/// <summary>What somebody who mistyped a name may have meant.</summary>
public static class NearestName
{
    private const int Most = 3;

    /// <summary>
    /// "did you mean cosine or constant? There are: …" for a name close to some of those there are, else the list alone.
    /// </summary>
    /// <param name="name">What was given.</param>
    /// <param name="names">What there is.</param>
    public static string Hint(string name, IReadOnlyList<string> names)
    {
        var near = Of(name, names);
        var all = string.Join(", ", names);
        return near.Count > 0 ? $"did you mean {string.Join(" or ", near)}? There are {all}." : $"choose one of {all}.";
    }

    /// <summary>The names that differ least, the nearest first, at most three; none when all are far.</summary>
    /// <param name="name">What was given.</param>
    /// <param name="names">What there is.</param>
    public static IReadOnlyList<string> Of(string name, IReadOnlyList<string> names)
    {
        var given = Plain(name);
        return
        [
            .. (from candidate in names
               let plain = Plain(candidate)
               let distance = Distance(given, plain)
               where distance <= Math.Max(2, plain.Length / 3)
                   || (given.Length >= 3 && (plain.Contains(given, StringComparison.Ordinal)
                       || given.Contains(plain, StringComparison.Ordinal)))
               orderby distance
               select candidate).Take(Most),
        ];
    }

    // As people type: any case, with or without separators.
    private static string Plain(string name) => string.Concat(name.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit));

    /// <summary>Insertions, deletions and changes from one to the other (Levenshtein 1966).</summary>
    internal static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
