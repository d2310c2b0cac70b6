using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookKit.Checkpoints;
using NotebookKit.Training;
using NotebookKit.Training.Data;
using NotebookKit.Training.Runs;

namespace NotebookKit.Sweeps;

/// <summary>
/// A sweep's folder: <c>sweep.json</c> says what it trains, and below <c>points/</c> every point has a folder of <c>kit
/// train</c>'s own files. Nothing is kept elsewhere, so that any machine that sees the folder can go on.
/// </summary>
internal sealed class SweepFolder
{
    private const string File = "sweep.json";

    private SweepFolder(string path, SweepSpec spec) => (Root, Spec) = (path, spec);

    /// <summary>Its path.</summary>
    public string Root { get; }

    /// <summary>What it trains.</summary>
    public SweepSpec Spec { get; }

    /// <summary>Its name.</summary>
    public string Name => Path.GetFileName(Root);

    /// <summary>Where what belongs to a Slurm cluster lies.</summary>
    public string Slurm => Path.Combine(Root, "slurm");

    /// <summary>Whether a folder is a sweep's.</summary>
    public static bool Is(string path) => System.IO.File.Exists(Path.Combine(path, File));

    /// <summary>Opens the folder of a sweep that was laid out before.</summary>
    /// <exception cref="BadInputException">It is none.</exception>
    public static SweepFolder Open(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var file = Path.Combine(path, File);
        if (!System.IO.File.Exists(file))
            throw new BadInputException($"{path} is no folder of a sweep; it lacks {File}, which kit sweep SPEC.json writes there.");
        return new SweepFolder(path, SweepSpec.Of(Read(file)["spec"], file));
    }

    /// <summary>Lays out a sweep in a folder: its specification, and a run card for each point.</summary>
    /// <exception cref="BadInputException">The folder holds another sweep, or other things.</exception>
    public static SweepFolder Lay(string path, SweepSpec spec)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var folder = new SweepFolder(path, spec);
        var file = Path.Combine(path, File);
        var json = spec.ToJson();
        if (System.IO.File.Exists(file))
        {
            Same(path, Read(file)["spec"] as JsonObject, json);
        }
        else
        {
            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
                throw new BadInputException($"{path} holds other things than a sweep; give a new folder as --out.");
            folder.Cards();
            // Last, so that a folder that has it is whole.
            AtomicFile.WriteText(file, new JsonObject { ["points"] = spec.Count, ["spec"] = json }.ToJsonString(Indented) + "\n");
        }

        return folder;
    }

    /// <summary>A point's folder.</summary>
    public PointFolder PointAt(int number) => new(this, Spec.PointAt(number));

    /// <summary>All points' folders, one after the other.</summary>
    public IEnumerable<PointFolder> Points => Enumerable.Range(0, Spec.Count).Select(PointAt);

    /// <summary>Where a point's files lie.</summary>
    public string PathOf(int number) => Path.Combine(Root, "points", $"{number:00000}");

    /// <summary>The settings of a point in its place; class images are shared by all points that paint the same.</summary>
    public TrainOptions OptionsOf(SweepPoint point)
    {
        var options = Spec.SettingsOf(point);
        var shared = options with { Saving = options.Saving with { Output = Path.Combine(Root, "any.safetensors") } };
        return options with
        {
            Concepts = [.. options.Concepts.Select(concept => concept.ClassPrompt is null || concept.ClassDir is not null ? concept
                : concept with { ClassDir = ClassImages.FolderOf(shared, concept) })],
            Saving = options.Saving with
            {
                Output = Path.Combine(PathOf(point.Number), options.WritesModel ? "model"
                    : options.Method == TrainMethod.TextualInversion ? "word.safetensors" : "lora.safetensors"),
            },
        };
    }

    private static readonly JsonSerializerOptions Indented = new(TrainLog.Json) { WriteIndented = true };

    // As a learner may read, change and train them by themselves; a run writes its own over it.
    private void Cards()
    {
        try
        {
            for (var number = 0; number < Spec.Count; number++)
            {
                var options = OptionsOf(Spec.PointAt(number));
                var place = new RunPlace(options.OutputPath);
                Directory.CreateDirectory(place.Folder);
                var card = new RunCard(Spec.Base, null, new Dictionary<string, string>(), new Dictionary<string, string>(), options,
                    Spec.DType is { } dtype ? new Dictionary<string, string> { ["dtype"] = dtype } : []);
                // Thousands of them: what a power cut may take is laid out again.
                System.IO.File.WriteAllText(place.Card, JsonSerializer.Serialize(card, Indented) + "\n");
            }
        }
        catch (IOException e) when (e.HResult is 28 or 122) // Linux' ENOSPC and EDQUOT
        {
            throw new IOException($"The disk is full: the cards of {Root} could not all be written. Free some space and call again, or "
                + "give another place as --out.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BadInputException($"{Root} may not be written there; choose another place as --out, or ask for the right to write.",
                e);
        }
    }

    private static void Same(string path, JsonObject? there, JsonObject asked)
    {
        var other = asked.Select(field => field.Key).FirstOrDefault(name => !JsonNode.DeepEquals(there?[name], asked[name]));
        if (other is null)
            return;
        var what = other == "settings" && there?[other] is JsonObject before && asked[other] is JsonObject now
            ? before.Concat(now).Select(field => field.Key).FirstOrDefault(name => !JsonNode.DeepEquals(before[name], now[name])) : other;
        throw new BadInputException($"{path} holds another sweep (its {what} differs); give another folder as --out, or the specification "
            + "that it was laid out with.");
    }

    private static JsonNode Read(string file)
    {
        try
        {
            return JsonNode.Parse(System.IO.File.ReadAllText(file)) is JsonObject json ? json
                : throw new BadInputException($"{file} is no sweep's; lay the sweep out anew.");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{file} is damaged: {e.Message} Lay the sweep out anew.", e);
        }
    }
}
