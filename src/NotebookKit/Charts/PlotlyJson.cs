using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NotebookKit.Charts;

/// <summary>Plotly's JSON, data and layout, of the charts of Plotly.NET and of XPlot.Plotly.</summary>
internal static class PlotlyJson
{
    /// <summary>Whether a value is a chart. The type's name tells, so that asking loads none of the two packages.</summary>
    public static bool IsChart(object? value) =>
        value?.GetType() is { } type && (type.FullName!.StartsWith("Plotly.NET.GenericChart", StringComparison.Ordinal)
            || type.FullName == "XPlot.Plotly.PlotlyChart");

    /// <summary>A chart's <c>{"data": […], "layout": {…}}</c>; null for what is no chart.</summary>
    public static string? Of(object? value) =>
        !IsChart(value) ? null : Tidy(value!.GetType().Namespace == "XPlot.Plotly" ? OfXPlot(value) : OfPlotlyNet(value));

    [MethodImpl(MethodImplOptions.NoInlining)] // the package is loaded where its types are first compiled
    private static string OfPlotlyNet(object chart) => Plotly.NET.GenericChart.toFigureJson((Plotly.NET.GenericChart)chart);

    /// <summary>XPlot writes a script only; its two values are cut out of it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string OfXPlot(object chart)
    {
        var script = ((XPlot.Plotly.PlotlyChart)chart).GetInlineJS();
        var data = ValueAfter(script, "var data = ", 0, out var end);
        var layout = ValueAfter(script, "var layout = ", end, out _);
        return $"{{\"data\":{data},\"layout\":{layout}}}";
    }

    private static string ValueAfter(string script, string mark, int from, out int end)
    {
        end = from;
        if (script.IndexOf(mark, from, StringComparison.Ordinal) is var at && at < 0)
            return "{}";
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(script[(at + mark.Length)..]));
        using var value = JsonDocument.ParseValue(ref reader);
        end = at + mark.Length;
        return value.RootElement.GetRawText();
    }

    /// <summary>
    /// Without what a page does not need: numbers in six digits, which are more than a chart shows; null for what is not
    /// finite, for which Plotly.NET writes words; each remark once, since combining charts repeats them.
    /// </summary>
    private static string Tidy(string json)
    {
        using var document = JsonDocument.Parse(json);
        var buffer = new ArrayBufferWriter<byte>(json.Length);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default }))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("data");
            Write(writer, document.RootElement.Field("data"));
            writer.WritePropertyName("layout");
            Write(writer, document.RootElement.Field("layout"));
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var field in value.EnumerateObject())
                {
                    writer.WritePropertyName(field.Name);
                    if (field.Name == "annotations")
                        WriteArray(writer, field.Value.Items().DistinctBy(note => note.GetRawText()));
                    else
                        Write(writer, field.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                WriteArray(writer, value.EnumerateArray());
                break;
            case JsonValueKind.Number when value.TryGetDouble(out var number) && number != Math.Floor(number):
                writer.WriteNumberValue(Rounded(number));
                break;
            case JsonValueKind.String when value.ValueEquals("NaN") || value.ValueEquals("Infinity") || value.ValueEquals("-Infinity"):
            case JsonValueKind.Undefined:
                writer.WriteNullValue();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static void WriteArray(Utf8JsonWriter writer, IEnumerable<JsonElement> values)
    {
        writer.WriteStartArray();
        foreach (var value in values)
            Write(writer, value);
        writer.WriteEndArray();
    }

    private static double Rounded(double value)
    {
        var digits = 5 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return digits is >= 0 and <= 15 ? Math.Round(value, digits) : value;
    }
}
