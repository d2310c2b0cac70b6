using System.Globalization;
using System.Text;
using Tomlyn;
using Tomlyn.Model;

namespace NotebookKit.Interop;

/// <summary>TOML, as kohya's scripts read and write it.</summary>
internal static class Toml
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="BadInputException">It is missing, or no TOML.</exception>
    public static TomlTable Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (TomlException e)
        {
            throw new BadInputException($"{path} is no TOML: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a text.</summary>
    public static TomlTable Parse(string text) => TomlSerializer.Deserialize<TomlTable>(text) ?? [];

    /// <summary>Writes <c>name = value</c>.</summary>
    public static StringBuilder Line(this StringBuilder text, string name, object value) => text.Append(name).Append(" = ")
        .Append(Of(value))
        .Append('\n');

    private static string Of(object value) => value switch
    {
        bool on => on ? "true" : "false",
        // A number with a point or an exponent is no whole one to TOML.
        double number => number.ToString("R", CultureInfo.InvariantCulture) is var digits && digits.AsSpan().IndexOfAny(".E") >= 0
            ? digits.Contains('.', StringComparison.Ordinal) ? digits : digits.Replace("E", ".0E", StringComparison.Ordinal) : digits
                + ".0",
        string words => Quoted(words),
        IEnumerable<string> list => $"[{string.Join(", ", list.Select(Quoted))}]",
        IFormattable whole => whole.ToString(null, CultureInfo.InvariantCulture),
        _ => Quoted($"{value}"),
    };

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
            quoted.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                _ when char.IsControl(letter) => $"\\u{(int)letter:X4}",
                _ => $"{letter}",
            });
        return quoted.Append('"').ToString();
    }
}
