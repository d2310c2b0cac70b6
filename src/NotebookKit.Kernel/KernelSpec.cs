using System.Text.Json.Nodes;

namespace NotebookKit.Kernel;

/// <summary>The few lines by which Jupyter finds and starts this kernel.</summary>
internal static class KernelSpec
{
    /// <summary>The kernel's name: that of .NET Interactive, so that a notebook opens in either.</summary>
    public const string Name = ".net-csharp";

    /// <summary>
    /// Writes <c>FOLDER/.net-csharp/kernel.json</c> for this very build. Jupyter looks in <c>$JUPYTER_PATH/kernels</c>, so
    /// the folder is usually <c>artifacts/jupyter/kernels</c>.
    /// </summary>
    /// <returns>The path of the file written.</returns>
    public static string Install(string kernelsFolder)
    {
        var folder = Path.Combine(Path.GetFullPath(kernelsFolder), Name);
        Directory.CreateDirectory(folder);
        var spec = new JsonObject
        {
            ["argv"] = new JsonArray(DotnetHost(), Path.Combine(AppContext.BaseDirectory, "kit-kernel.dll"), "{connection_file}"),
            ["display_name"] = ".NET (C#)",
            ["language"] = "C#",
            ["interrupt_mode"] = "message",
            ["metadata"] = new JsonObject { ["debugger"] = false },
        };
        var path = Path.Combine(folder, "kernel.json");
        var partial = path + ".partial";
        File.WriteAllText(partial, spec.ToJsonString(Json.Indented) + "\n");
        File.Move(partial, path, overwrite: true);
        return path;
    }

    /// <summary>The <c>dotnet</c> beside the running runtime: it need not be in the PATH that Jupyter gives a kernel.</summary>
    private static string DotnetHost()
    {
        // <dotnet>/shared/Microsoft.NETCore.App/<version>/System.Private.CoreLib.dll
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        var host = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        return File.Exists(host) ? host : "dotnet";
    }
}
