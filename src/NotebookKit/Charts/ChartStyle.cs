using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Plotly.NET;
using Plotly.NET.LayoutObjects;

namespace NotebookKit.Charts;

/// <summary>How Plotly.NET's charts look unless they say otherwise: in size and colours as the kit's static drawing of them.</summary>
public static class ChartStyle
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A learner's first chart may come before any call of the kit's.")]
    internal static void ApplyWithPlotly() => WhenLoaded.Do("Plotly.NET", Apply);

    /// <summary>
    /// Sets Plotly.NET's defaults, which happens by itself before the first chart; a later call takes back what was set
    /// since. Its own template would add 8.5 KB to every chart of a notebook, its own colours are hard to tell apart for the
    /// colour-blind.
    /// </summary>
    public static void Apply()
    {
        var axis = new LinearAxis();
        axis.SetProperty("exponentformat", "power"); // 1e-4 reads 10⁻⁴, not 100μ,
        axis.SetProperty("showexponent", "last"); // and is not said at every tick
        axis.SetProperty("automargin", true);
        var layout = new Layout();
        layout.SetProperty("margin", new Dictionary<string, int> { ["t"] = 72, ["b"] = 48, ["l"] = 56, ["r"] = 24 });
        layout.SetProperty("title", new Dictionary<string, object> { ["x"] = 0.02, ["y"] = 0.97, ["yanchor"] = "top" });
        layout.SetProperty("legend", new Dictionary<string, object>
        {
            ["orientation"] = "h",
            ["x"] = 0,
            ["y"] = 1.02,
            ["yanchor"] = "bottom"
        });
        layout.SetProperty("colorway", Palette.Series);
        layout.SetProperty("colorscale", new Dictionary<string, object>
        {
            ["sequential"] = Palette.Scale(false),
            ["diverging"] = Palette.Scale(true)
        });
        layout.SetProperty("autotypenumbers", "strict"); // bars named "0.01" and "1" stand side by side
        layout.SetProperty("xaxis", axis);
        layout.SetProperty("yaxis", axis);
        var template = new Template();
        template.SetProperty("layout", layout);
        template.SetProperty("data",
            new Dictionary<string, object> { ["heatmap"] = new[] { new Dictionary<string, bool> { ["autocolorscale"] = true } } });
        (Defaults.DefaultTemplate, Defaults.DefaultWidth, Defaults.DefaultHeight) = (template, 640, 340);
    }
}
