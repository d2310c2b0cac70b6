using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using NotebookKit.Display;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>A sweep's one table, in the forms that people and programs read.</summary>
internal static class SweepTable
{
    /// <summary>The means as a notebook and the page show them.</summary>
    public static DisplayTable Of(Sweep sweep)
    {
        var varied = sweep.Spec.Varied;
        var figures = SweepFigure.All.Where(figure => sweep.Means.Any(mean => mean.Scores.ContainsKey(figure.Name))).ToList();
        return new DisplayTable([.. varied, "seeds", .. figures.Select(figure => figure.Name)],
            sweep.Means.Select(mean => (IReadOnlyList<object?>)[.. varied.Select(name => mean.First.Of(name)), mean.Done,
                .. figures.Select(figure => mean.Scores.TryGetValue(figure.Name, out var score) ? Shown(figure.Name, score, mean.Done)
                    : "")]))
        {
            Caption = $"{sweep}; fidelity and PRES are likeness to the photos, what they are to one another being 1; "
                + "±: standard error over seeds",
        };
    }

    /// <summary>Writes <c>table.csv</c> (a line for each point), <c>means.csv</c> (for each combination) and <c>table.json</c>
    /// (both).</summary>
    public static IReadOnlyList<string> Write(Sweep sweep)
    {
        var (points, means, json) = (Path.Combine(sweep.Folder, "table.csv"), Path.Combine(sweep.Folder, "means.csv"),
            Path.Combine(sweep.Folder, "table.json"));
        AtomicFile.WriteText(points, Points(sweep));
        AtomicFile.WriteText(means, Means(sweep));
        AtomicFile.Write(json, stream => Json(sweep, stream));
        return [points, means, json];
    }

    private static string Points(Sweep sweep)
    {
        var varied = sweep.Spec.Varied;
        var text = new StringBuilder();
        Line(text, ["point", .. varied, "seed", "state", .. SweepFigure.All.Select(figure => figure.Name), "sum", "failure"]);
        foreach (var point in sweep.Points)
            Line(text, [$"{point.Point.Number}", .. varied.Select(point.Of), SeedOf(sweep, point), point.State,
                .. SweepFigure.All.Select(figure => Number(point.Result is { } result ? figure.Of(result) : null)), point.Result?.Sum ?? "",
                point.Failure ?? ""]);
        return text.ToString();
    }

    private static string Means(Sweep sweep)
    {
        var varied = sweep.Spec.Varied;
        var text = new StringBuilder();
        Line(text, [.. varied, "done", .. SweepFigure.All.SelectMany(figure => new[] { figure.Name, figure.Name + "_error" })]);
        foreach (var mean in sweep.Means)
            Line(text, [.. varied.Select(name => mean.First.Of(name)), $"{mean.Done}", .. SweepFigure.All.SelectMany(figure =>
                mean.Scores.TryGetValue(figure.Name, out var score) ? new[] { Number(score.Mean), Number(mean.Done > 1 ? score.Error
                    : null) }
                    : ["", ""])]);
        return text.ToString();
    }

    private static void Json(Sweep sweep, Stream stream)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = TrainLog.Json.Encoder });
        writer.WriteStartObject();
        writer.WriteString("sweep", sweep.Name);
        writer.WriteStartArray("points");
        foreach (var point in sweep.Points)
        {
            writer.WriteStartObject();
            writer.WriteNumber("point", point.Point.Number);
            Settings(writer, point.Point, SeedOf(sweep, point));
            writer.WriteString("state", point.State);
            foreach (var figure in SweepFigure.All)
            {
                if (point.Result is { } result && figure.Of(result) is { } number)
                    writer.WriteNumber(figure.Name, number);
            }

            if (point.Result?.Sum is { } sum)
                writer.WriteString("sum", sum);
            if (point.Failure is { } failure)
                writer.WriteString("failure", failure);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("means");
        foreach (var mean in sweep.Means)
        {
            writer.WriteStartObject();
            Settings(writer, mean.First.Point, null);
            writer.WriteNumber("done", mean.Done);
            foreach (var (name, score) in mean.Scores)
            {
                writer.WriteNumber(name, score.Mean);
                if (mean.Done > 1)
                    writer.WriteNumber(name + "_error", score.Error);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Settings(Utf8JsonWriter writer, SweepPoint point, string? seed)
    {
        writer.WriteStartObject("settings");
        foreach (var value in point.Values)
        {
            writer.WritePropertyName(value.Setting.Name);
            (value.ToJson() ?? JsonValue.Create((string?)null))?.WriteTo(writer);
            if (value.Value is null)
                writer.WriteNullValue();
        }

        if (seed is not null && !point.Values.Any(value => value.Setting.Name == "seed"))
            writer.WriteNumber("seed", ulong.Parse(seed, CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    private static string SeedOf(Sweep sweep, SweptPoint point) => $"{point.Point.Seed ?? sweep.Spec.SettingsOf(point.Point).Seed}";

    private static object Shown(string figure, Evaluation.Score score, int done) => figure switch
    {
        "peak_bytes" => Training.Memory.MemoryForecast.Size((long)score.Mean),
        "steps" => score.Mean,
        "seconds" => string.Create(CultureInfo.InvariantCulture, $"{score.Mean:0.0}"),
        _ when done > 1 => string.Create(CultureInfo.InvariantCulture, $"{score.Mean:0.000} ± {score.Error:0.000}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{score.Mean:0.000}"),
    };

    private static string Number(double? number) => number?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    // RFC 4180: quotes around what has a comma, a quote or a line's end in it.
    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(cell =>
        cell.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell)).Append("\r\n");
}
