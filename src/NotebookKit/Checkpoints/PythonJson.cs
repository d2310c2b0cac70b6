using System.Text;
using System.Text.Json.Nodes;

namespace NotebookKit.Checkpoints;

/// <summary>
/// JSON as Python's <c>json</c> module writes it: with <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>, which the
/// standard does not know. They are read as null.
/// </summary>
public static class PythonJson
{
    private static readonly string[] NotNumbers = ["-Infinity", "Infinity", "NaN"];

    /// <summary>Parses one JSON document.</summary>
    /// <param name="text">The document.</param>
    /// <returns>Its root, or null for the document <c>null</c>.</returns>
    /// <exception cref="System.Text.Json.JsonException">It is not JSON.</exception>
    public static JsonNode? Parse(string text) => JsonNode.Parse(Standard(text));

    private static string Standard(string text)
    {
        if (!NotNumbers.Any(text.Contains))
            return text;
        var standard = new StringBuilder(text.Length);
        var inString = false;
        for (var i = 0; i < text.Length; i++)
        {
            var word = inString ? null : NotNumbers.FirstOrDefault(w => string.CompareOrdinal(text, i, w, 0, w.Length) == 0);
            if (word is not null)
            {
                standard.Append("null");
                i += word.Length - 1;
                continue;
            }

            standard.Append(text[i]);
            if (text[i] == '"')
                inString = !inString;
            else if (text[i] == '\\' && inString && i + 1 < text.Length)
                standard.Append(text[++i]);
        }

        return standard.ToString();
    }
}
