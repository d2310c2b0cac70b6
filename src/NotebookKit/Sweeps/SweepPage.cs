using System.Net;
using System.Text;
using NotebookKit.Charts;
using NotebookKit.Checkpoints;

namespace NotebookKit.Sweeps;

/// <summary>A sweep as one HTML file that needs no other: table, charts, the pictures of the best, and what failed.</summary>
internal static class SweepPage
{
    private const int MostBest = 3, MostFailures = 50;

    /// <summary>Writes <c>index.html</c> into the sweep's folder.</summary>
    public static string Write(Sweep sweep)
    {
        var file = Path.Combine(sweep.Folder, "index.html");
        AtomicFile.WriteText(file, Of(sweep));
        return file;
    }

    /// <summary>The page's text.</summary>
    public static string Of(Sweep sweep)
    {
        var page = new StringBuilder($$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{{Text(sweep.Name)}}</title>
            <style>
            :root { color-scheme: light dark }
            body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
            table { border-collapse: collapse; display: block; overflow-x: auto }
            caption { padding: .3rem 0 }
            th, td { padding: .15rem .6rem; border-bottom: 1px solid #8884; font-variant-numeric: tabular-nums }
            svg, img { max-width: 100%; height: auto }
            figure { margin: 1rem 0 }
            </style>
            </head>
            <body>
            <h1>{{Text(sweep.Name)}}</h1>
            <p>{{Text(sweep.ToString())}}.</p>

            """);
        page.Append(sweep.Table.ToHtml());
        if (sweep.FidelityAgainstDrift() is { } chart)
            page.Append("\n<h2>Learned and drifted</h2>\n<figure>").Append(chart.ToSvg()).Append("</figure>\n");
        var effects = sweep.Spec.Varied.Where(name => sweep.Points.Where(Told).Select(point => point.Of(name)).Distinct().Skip(1).Any())
            .ToList();
        if (effects.Count > 0)
            page.Append("<h2>What each setting does</h2>\n");
        foreach (var name in effects)
            page.Append("<figure>").Append(sweep.EffectOf(name).ToSvg()).Append("</figure>\n");
        Best(sweep, page);
        Failures(sweep, page);
        return page.Append("</body>\n</html>\n").ToString();
    }

    private static bool Told(SweptPoint point) => point.Result is { } result && (result.Scores is not null || result.Loss is not null);

    private static void Best(Sweep sweep, StringBuilder page)
    {
        var best = sweep.Best.Take(MostBest).Where(mean => File.Exists(sweep.PicturesOf(mean.First))).ToList();
        if (best.Count == 0)
            return;
        page.Append("<h2>The best</h2>\n<p>Those that learned the subject furthest beyond what the protected word came to look like it: "
            + "fidelity less PRES. A row for each prompt.</p>\n");
        foreach (var mean in best)
        {
            var name = Text(mean.Name);
            page.Append("<figure><img alt=\"").Append(name).Append("\" src=\"data:image/png;base64,")
                .Append(Convert.ToBase64String(File.ReadAllBytes(sweep.PicturesOf(mean.First)))).Append("\"><figcaption>").Append(name)
                .Append(FormattableString.Invariant($": fidelity {mean.Scores["fidelity"]}, PRES {mean.Scores["pres"]}"))
                .Append("</figcaption></figure>\n");
        }
    }

    private static void Failures(Sweep sweep, StringBuilder page)
    {
        var failed = sweep.Points.Where(point => point.Failure is not null).ToList();
        if (failed.Count == 0)
            return;
        page.Append("<h2>What failed</h2>\n<ul>\n");
        foreach (var point in failed.Take(MostFailures))
            page.Append("<li>").Append(Text($"{point.Point.Number} ({point.Point}): {point.Failure}")).Append("</li>\n");
        page.Append("</ul>\n");
        if (failed.Count > MostFailures)
            page.Append(FormattableString.Invariant($"<p>… and {failed.Count - MostFailures} more: table.csv.</p>\n"));
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
