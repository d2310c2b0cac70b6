using System.Text.RegularExpressions;

namespace NotebookKit.Training.Settings;

/// <summary>
/// A setting that cannot be used. Its sentence is written with flags, as a command line shows it; <see cref="Exception.Message"/>
/// has the properties' names in their place, as whoever writes C# knows them.
/// </summary>
public partial class BadSettingException : BadInputException
{
    /// <summary>A refusal.</summary>
    /// <param name="sentence">With flags: <c>--rank must be at least 1, not 0.</c></param>
    /// <param name="inner">What it came from.</param>
    public BadSettingException(string sentence, Exception? inner = null)
        : base(InProperties(sentence), inner) => InFlags = OneLine(sentence);

    /// <summary>The sentence as a command line shows it.</summary>
    public string InFlags { get; }

    /// <summary>A sentence with the properties' names in place of flags.</summary>
    public static string InProperties(string sentence) => Flags().Replace(
        sentence, found => Setting.All.FirstOrDefault(setting => setting.Flag == found.Value)?.Path ?? found.Value);

    /// <summary>A sentence with the names of run cards in place of flags.</summary>
    internal static string InNames(string sentence) => Flags().Replace(
        sentence, found => Setting.All.FirstOrDefault(setting => setting.Flag == found.Value)?.Name ?? found.Value);

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex Flags();
}
