using System.Net;

namespace NotebookKit.Charts;

/// <summary>A page with one interactive chart. Plotly's script, which lies within Plotly.NET, is part of it: nothing is fetched.</summary>
internal static class OfflinePage
{
    public static string Of(string json)
    {
        var figure = PlotlyReader.Read(json);
        using var stream = typeof(Plotly.NET.GenericChart).Assembly.GetManifestResourceStream("Plotly.NET.plotly-2.28.0.min.js")!;
        using var script = new StreamReader(stream);
        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{{WebUtility.HtmlEncode(figure.Title.Length > 0 ? figure.Title : "Chart")}}</title>
            <script>{{script.ReadToEnd()}}</script>
            </head>
            <body>
            <div id="chart" role="img" aria-label="{{WebUtility.HtmlEncode(ChartText.Name(figure) + ". " + ChartText.Description(figure))}}"></div>
            <noscript>{{SvgChart.Draw(figure)}}</noscript>
            <script>
            const figure = {{json}};
            Plotly.newPlot("chart", figure.data, figure.layout, { displaylogo: false, responsive: true });
            </script>
            </body>
            </html>
            """;
    }
}
