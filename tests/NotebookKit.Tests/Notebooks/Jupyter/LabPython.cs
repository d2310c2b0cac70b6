using NotebookKit.Cli.Verbs;

namespace NotebookKit.Tests.Notebooks.Jupyter;

/// <summary>The Python of this machine that runs notebooks.</summary>
internal static class LabPython
{
    /// <summary>One that has nbclient; null where there is none.</summary>
    public static string? WithNbclient { get; } = new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(python => LabVerb.Has(python, "nbclient"));
}
