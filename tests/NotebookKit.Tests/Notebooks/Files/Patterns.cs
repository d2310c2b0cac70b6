using System.Text.RegularExpressions;

namespace NotebookKit.Tests.Notebooks.Files;

/// <summary>What the claims about notebooks look for in prose and outputs.</summary>
internal static partial class Patterns
{
    /// <summary>The target of a Markdown link or picture, or of an HTML src or href.</summary>
    [GeneratedRegex("""\]\((?<link>[^)\s]+)(?:\s+"[^"]*")?\)|\b(?:src|href)="(?<link>[^"]+)["]""")]
    public static partial Regex Link();

    /// <summary>A link that leaves the repository, or lies inside the notebook.</summary>
    [GeneratedRegex("^(?:[a-z][a-z0-9+.-]*:|//)", RegexOptions.IgnoreCase)]
    public static partial Regex Scheme();

    /// <summary>A script or style with its content.</summary>
    [GeneratedRegex("<(script|style)\\b.*?</\\1>", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    public static partial Regex Script();

    /// <summary>Something loaded from elsewhere when the output is shown.</summary>
    [GeneratedRegex("""\bsrc\s*=\s*["']?(?:https?:)?//""", RegexOptions.IgnoreCase)]
    public static partial Regex RemoteSource();

    /// <summary>Any HTML tag.</summary>
    [GeneratedRegex("<[^>]*>")]
    public static partial Regex Tag();

    /// <summary>Bytes written as text: pictures inside HTML or SVG.</summary>
    [GeneratedRegex("data:[^\"')\\s]+")]
    public static partial Regex DataUri();

    /// <summary>A path of the machine that ran the notebook.</summary>
    [GeneratedRegex("(?<![A-Za-z0-9.~])/(?:home|root|work|tmp|Users|mnt)/[A-Za-z0-9._-]+")]
    public static partial Regex MachinePath();
}
