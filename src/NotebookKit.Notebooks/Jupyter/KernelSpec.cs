using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>The few lines by which Jupyter finds and starts this kernel.</summary>
public static class KernelSpec
{
    /// <summary>The kernel's name: that of .NET Interactive, so that a notebook opens in either.</summary>
    public const string Name = ".net-csharp";

    /// <summary>The name beside a .NET Interactive that has the usual one.</summary>
    public const string OtherName = "notebookkit-csharp";

    private const string Implementation = "NotebookKit";

    /// <summary>Where Jupyter looks for a user's own kernels.</summary>
    public static string UserFolder
    {
        get
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var data = Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } set ? set
                : OperatingSystem.IsWindows()
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter")
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Jupyter")
                : Path.Combine(Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } xdg ? xdg
                    : Path.Combine(home, ".local", "share"), "jupyter");
            return Path.Combine(data, "kernels");
        }
    }

    /// <summary>Writes a folder with <c>kernel.json</c>; under <see cref="OtherName"/> where another program's kernel has the usual
    /// name.</summary>
    /// <param name="kernels">A folder that Jupyter looks into, as <see cref="UserFolder"/>, or <c>share/jupyter/kernels</c> of a
    /// prefix.</param>
    /// <param name="program">The program and the arguments after which the connection file's path comes.</param>
    /// <returns>The path of the file written.</returns>
    public static string Install(string kernels, IEnumerable<string> program)
    {
        var name = IsAnothers(Path.Combine(kernels, Name, "kernel.json")) ? OtherName : Name;
        var spec = new JsonObject
        {
            ["argv"] = new JsonArray([.. program.Select(part => (JsonNode)part), "{connection_file}"]),
            ["display_name"] = name == Name ? ".NET (C#)" : "C# (NotebookKit)",
            ["language"] = "C#",
            ["interrupt_mode"] = "message",
            ["metadata"] = new JsonObject { ["implementation"] = Implementation, ["debugger"] = false },
        };
        var path = Path.Combine(Path.GetFullPath(kernels), name, "kernel.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.WriteText(path, spec.ToJsonString(Json.Indented) + "\n");
        return path;
    }

    private static bool IsAnothers(string path) =>
        File.Exists(path) && (string?)JsonNode.Parse(File.ReadAllText(path))?["metadata"]?["implementation"] != Implementation;
}
