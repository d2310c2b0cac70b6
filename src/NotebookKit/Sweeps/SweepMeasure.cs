using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Evaluation;
using NotebookKit.Training;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>How a sweep's results are measured: by the <see cref="Scoreboard"/>, with the same prompts and seeds for every point.</summary>
public sealed record SweepMeasure
{
    /// <summary>The probe's folder; null where <see cref="Clip"/> judges.</summary>
    public string? Probe { get; init; }

    /// <summary>A folder with a CLIP image encoder, for photos of the real world.</summary>
    public string? Clip { get; init; }

    /// <summary>What prompts call the subject.</summary>
    public required string Subject { get; init; }

    /// <summary>The subject's prompts, <c>[subject]</c> in its place; null for the scoreboard's.</summary>
    public IReadOnlyList<string>? Asked { get; init; }

    /// <summary>The word that class images protect.</summary>
    public required string Protected { get; init; }

    /// <summary>A word beside the subject.</summary>
    public string Neighbour { get; init; } = new ScorePrompts().Neighbour;

    /// <summary>A word that has nothing in common with it.</summary>
    public string Stranger { get; init; } = new ScorePrompts().Stranger;

    /// <summary>Pictures of each prompt.</summary>
    public int Pictures { get; init; } = new ScorePrompts().Drawing.Count;

    /// <summary>Denoising steps of a picture.</summary>
    public int Steps { get; init; } = new ScorePrompts().Drawing.Steps;

    /// <summary>Guidance of a picture.</summary>
    public double Guidance { get; init; } = new ScorePrompts().Drawing.GuidanceScale;

    /// <summary>An empty board for a run's subject; the judge is the caller's to free.</summary>
    internal Scoreboard BoardFor(TrainOptions options, IPictureEmbedder judge)
    {
        var usual = new ScorePrompts();
        return Scoreboard.Of(judge, options.WithKohyaFolders().Concepts[0].InstanceDir, usual with
        {
            Subject = Subject,
            Asked = Asked ?? usual.Asked,
            Protected = Protected,
            Neighbour = Neighbour,
            Stranger = Stranger,
            Drawing = usual.Drawing with { Count = Pictures, Steps = Steps, GuidanceScale = Guidance },
        });
    }

    /// <summary>What judges.</summary>
    internal IPictureEmbedder Judge() => Clip is { } clip ? new ClipImageEmbedder(clip) : Evaluation.Probe.Load(Probe!);

    /// <summary>Reads the field; nothing said measures a miniature with the probe, and nothing else.</summary>
    internal static SweepMeasure? Read(JsonNode? json, string path, SweepSpec spec, string? usualProbe)
    {
        if (json is JsonValue off && off.GetValueKind() == JsonValueKind.False)
            return null;
        if (json is null or JsonValue && usualProbe is null)
            return json is null ? null : throw new BadInputException($"{path}: \"measure\" needs a judge, as the base is no miniature that "
                + "the probe knows; write {\"clip\": FOLDER} with a CLIP image encoder's folder, or false.");
        var said = json as JsonObject ?? [];
        string[] names = ["probe", "clip", "subject", "asked", "protected", "neighbour", "stranger", "pictures", "steps", "guidance"];
        if (json is JsonValue && json.GetValueKind() != JsonValueKind.True)
            throw new BadInputException($"{path}: \"measure\" must be true, false, or an object with {string.Join(", ", names)}.");
        if (said.Select(field => field.Key).FirstOrDefault(name => !names.Contains(name)) is { } unknown)
            throw new BadInputException($"{path}: \"measure\" has no field '{unknown}'; {NearestName.Hint(unknown, names)}");
        var full = (JsonObject)said.DeepClone();
        if (full["clip"] is null)
            full["probe"] ??= usualProbe ?? throw new BadInputException($"{path}: \"measure\" needs a judge; give \"probe\" or \"clip\".");
        full["subject"] ??= SubjectOf(spec.Settings) ?? throw new BadInputException($"{path}: how prompts call the subject cannot be told "
            + "from its prompt; give it as {\"measure\": {\"subject\": \"zwx rabbit toy\"}}, or \"measure\": false.");
        full["protected"] ??= ProtectedOf(spec.Settings) ?? new ScorePrompts().Protected;
        try
        {
            var measure = full.Deserialize<SweepMeasure>(TrainLog.Json)!;
            if (measure.Pictures < 3 || measure.Steps < 1)
                throw new BadInputException($"{path}: \"measure\" takes at least 3 pictures of each prompt, for an error to be told, and "
                    + "at least 1 step.");
            return measure with
            {
                Probe = measure.Probe is { } probe ? Path.GetFullPath(probe) : null,
                Clip = measure.Clip is { } clip ? Path.GetFullPath(clip) : null,
            };
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}: \"measure\" cannot be read: {e.Message}", e);
        }
    }

    // What the prompt says without "a photo of"; where captions say it, the tokens.
    private static string? SubjectOf(TrainOptions options)
    {
        var concept = options.WithKohyaFolders().Concepts[0];
        if (concept.InstanceToken is { } token)
            return $"{token} {concept.ClassToken}".Trim();
        var prompt = concept.InstancePrompt;
        if (!prompt.Contains(TrainOptions.FileWords, StringComparison.Ordinal))
            return prompt.Length > 0 ? Without(prompt) : null;
        var usual = new ScorePrompts().Subject;
        return Directory.Exists(concept.InstanceDir) && Directory.EnumerateFiles(concept.InstanceDir, "*.txt")
            .Any(file => File.ReadAllText(file).Contains(usual, StringComparison.Ordinal)) ? usual : null;
    }

    private static string? ProtectedOf(TrainOptions options) =>
        options.Concepts[0].ClassPrompt is { Length: > 0 } prompt && !prompt.Contains(TrainOptions.FileWords, StringComparison.Ordinal)
            ? Without(prompt) : null;

    private static string Without(string prompt)
    {
        foreach (var before in new[] { "a photo of a ", "a photo of ", "photo of a ", "photo of " })
        {
            if (prompt.StartsWith(before, StringComparison.OrdinalIgnoreCase))
                return prompt[before.Length..];
        }

        return prompt;
    }
}
