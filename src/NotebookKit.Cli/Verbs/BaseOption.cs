using System.CommandLine;
using NotebookKit.Cli.Doctor;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>--base</c> of the verbs that take a base model.</summary>
internal static class BaseOption
{
    /// <summary>The miniature, as one would type it where the kit lies in the working folder.</summary>
    public static string Miniature { get; } = Found(Path.Combine("data", "base-mini"));

    /// <summary>The option of a verb that has the miniature for want of another.</summary>
    /// <param name="more">What else it may be, after "the base model's folder".</param>
    public static Option<string> Create(string more = "") =>
        new("--base") { DefaultValueFactory = _ => Miniature, Description = "the base model's folder" + more };

    /// <summary>The option of a verb that can do without a base.</summary>
    /// <param name="why">What it is for.</param>
    public static Option<string?> Optional(string why) => new("--base") { Description = "a base model's folder: " + why };

    private static string Found(string path) => Directory.Exists(path) ? path : Path.Combine(Checkout.Root, path);
}
