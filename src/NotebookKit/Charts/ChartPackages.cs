using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace NotebookKit.Charts;

/// <summary>
/// Lets a notebook that loads this library by path load the chart packages beside it, each once. A script engine would load
/// FSharp.Core twice, since the packages ask for different versions of it, and the two copies' types do not fit together.
/// </summary>
internal static class ChartPackages
{
    private static readonly string[] Names = ["DynamicObj", "Fable.Core", "FSharp.Core", "Giraffe.ViewEngine", "Newtonsoft.Json", "Plotly.NET", "Plotly.NET.CSharp", "XPlot.Plotly"];

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "A learner's first chart may come before any call of the kit's; nothing is loaded here.")]
    internal static void Register() => AssemblyLoadContext.Default.Resolving += (context, name) =>
        Names.Contains(name.Name) && Path.Combine(Path.GetDirectoryName(typeof(ChartPackages).Assembly.Location)!, name.Name + ".dll") is var path && File.Exists(path)
            ? context.LoadFromAssemblyPath(path) : null;
}
