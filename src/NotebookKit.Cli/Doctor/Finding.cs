
namespace NotebookKit.Cli.Doctor;

/// <summary>How serious a finding is: fine, slower or poorer than it could be, or something needed is not there.</summary>
internal enum Health
{
    Ok,
    Warning,
    Missing,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What it is, in a word or two.</param>
/// <param name="Health">How it is.</param>
/// <param name="Value">What was found.</param>
/// <param name="Remedy">What to do about it; null when it is fine.</param>
internal sealed record Finding(string Name, Health Health, string Value, string? Remedy = null)
{
    public static Finding Ok(string name, string value) => new(name, Health.Ok, value);
}
