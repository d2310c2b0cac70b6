using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Training;
using NotebookKit.Training.Settings;

namespace NotebookKit.Studio;

/// <summary>A run as a notebook: the same settings, from its card, in cells that train it again and draw with it.</summary>
internal static class RunNotebook
{
    /// <summary>The notebook's text.</summary>
    /// <param name="run">The run.</param>
    /// <param name="source">The base.</param>
    public static string Of(RunFolder run, string source)
    {
        var settings = run.Card.Settings;
        var lora = settings.Method is TrainMethod.Lora or TrainMethod.LoraExtended;
        var prompt = Training.Concepts.TrainingPicture.Read(settings.Concepts[0])[0].Prompt;
        var kit = AppContext.BaseDirectory;
        JsonObject[] cells =
        [
            Cell(0, "markdown", $"# Run {run.Name}\n\nThe settings are those of the run's card. Change one, run the cells again, and "
                + $"compare.\n\n| setting | value |\n|---|---|\n{Table(settings)}"),
            Cell(1, "code", string.Join('\n', new[] { "NotebookKit", "TorchSharp", "Plotly.NET", "Plotly.NET.CSharp" }
                .Select(name => $"#r {Text(Path.Combine(kit, name + ".dll"))}"))
                + "\nusing System.IO; using System.Linq; using NotebookKit.Pipeline; using NotebookKit.Training;\n"
                + "using NotebookKit.Training.Runs; using NotebookKit.Lora; using NotebookKit.Display;\n"
                + $"var sd = StableDiffusion.Load({Text(Path.Exists(source) ? Path.GetFullPath(source) : source)});\n"
                + "$\"{sd.Name} on {sd.Device}\""),
            Cell(2, "code", $"var card = RunCard.Read({Text(Path.GetFullPath(run.CardFile!))}).Settings;\n"
                + "var options = card with\n{\n"
                + "    Intervals = card.Intervals with { Epochs = RunScale.Of(card.Intervals.Epochs.Value, 1) },\n"
                + FormattableString.Invariant(
                    $"    Loss = card.Loss with {{ PriorLossWeight = {settings.Loss.PriorLossWeight:R} }},\n")
                + $"    Saving = card.Saving with {{ Output = Path.Combine(Path.GetTempPath(), {Text($"again-{run.Name}")}, "
                + $"{Text(Path.GetFileName(run.Output))}), Resume = false }},\n}};\noptions.OutputPath"),
            Cell(3, "code", "var result = new DreamBoothTrainer(sd, options).Train(new TrainingView());\n"
                + "$\"{result.History.Count} steps, {result.Seconds:F0} s\""),
            Cell(4, "code", (lora ? "var network = LoraNetwork.Load(result.Output, sd);\n" : "")
                + $"sd.Sample(new SampleOptions {{ Prompt = {Text(prompt)}, GuidanceScale = 3, Steps = RunScale.Of(20, 2), Seed = 7, "
                + "Count = 4 })"),
        ];
        return new JsonObject
        {
            ["cells"] = new JsonArray([.. cells]),
            ["metadata"] = new JsonObject
            {
                ["kernelspec"] = new JsonObject { ["display_name"] = ".NET (C#)", ["language"] = "C#", ["name"] = ".net-csharp" },
                ["language_info"] = new JsonObject { ["file_extension"] = ".cs", ["mimetype"] = "text/x-csharp", ["name"] = "C#" },
            },
            ["nbformat"] = 4,
            ["nbformat_minor"] = 5,
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 1 }) + "\n";
    }

    private static string Table(TrainOptions settings) => string.Concat(
        from setting in Setting.All
        let value = StudioForm.Shown(setting, settings)
        where value.Length > 0 && value != StudioForm.Shown(setting, new TrainOptions())
        select $"| {setting.Name} | {value.Replace("|", "\\|", StringComparison.Ordinal)} |\n");

    private static JsonObject Cell(int number, string kind, string source)
    {
        var lines = source.Split('\n');
        var cell = new JsonObject
        {
            ["cell_type"] = kind,
            ["id"] = $"cell-{number}",
            ["metadata"] = new JsonObject(),
            ["source"] = new JsonArray([.. lines.Select((line, i) => (JsonNode)(i < lines.Length - 1 ? line + "\n" : line))]),
        };
        if (kind == "code")
            (cell["execution_count"], cell["outputs"]) = (null, new JsonArray());
        return cell;
    }

    // A text as C# writes it; it never ends its literal early.
    private static string Text(string text) => JsonSerializer.Serialize(text);
}
