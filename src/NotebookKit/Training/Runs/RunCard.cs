using NotebookKit.Training.Settings;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;
using static TorchSharp.torch;

namespace NotebookKit.Training.Runs;

/// <summary>
/// Everything that made a result, <c>NAME.card.json</c> beside it: all settings and seeds, the hashes of pictures and
/// base, the versions. <c>kit train --from-card</c> repeats the run.
/// </summary>
/// <param name="Base">The base's folder.</param>
/// <param name="BaseHash">The base's short hash, as the web UI knows it.</param>
/// <param name="Pictures">SHA-256 of every picture of the subject, by path.</param>
/// <param name="ClassPictures">The same of the class images.</param>
/// <param name="Settings">All options, nulls filled in.</param>
/// <param name="Versions">Of the kit, libtorch, .NET and the system.</param>
public sealed record RunCard(
    string Base,
    string? BaseHash,
    IReadOnlyDictionary<string, string> Pictures,
    IReadOnlyDictionary<string, string> ClassPictures,
    TrainOptions Settings,
    IReadOnlyDictionary<string, string> Versions)
{
    /// <summary>What <see cref="Fixed"/> calls the pictures' hashes.</summary>
    internal const string PictureSums = "pictures", ClassPictureSums = "class_pictures";

    private static readonly JsonSerializerOptions Indented = new(TrainLog.Json) { WriteIndented = true };

    /// <summary>SHA-256 of the LoRA that the run began with; null for a run that began anew.</summary>
    public string? NetworkWeightsHash { get; init; }

    /// <summary>What each picture is learned with, by path: its prompt and, behind a slash, its class's; null in cards of
    /// before.</summary>
    public IReadOnlyDictionary<string, string>? Prompts { get; init; }

    /// <summary>SHA-256 of every mask, by path; null in cards of before.</summary>
    public IReadOnlyDictionary<string, string>? Masks { get; init; }

    /// <summary>Optimizer steps that the result has behind it; null while the run lives.</summary>
    public int? Steps { get; init; }

    /// <summary>Whole epochs that the result has behind it; null while the run lives.</summary>
    public int? Epochs { get; init; }

    /// <summary>A run's card.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="options">All options, nulls filled in.</param>
    /// <param name="pictures">The subject's pictures.</param>
    /// <param name="classFiles">The class images in use.</param>
    internal static RunCard Of(StableDiffusion sd, TrainOptions options, IReadOnlyList<TrainingPicture> pictures,
        IEnumerable<string> classFiles) => new(
        sd.Folder,
        sd.Hash,
        pictures.Select(picture => picture.Path).Distinct().ToDictionary(file => file, HashOf),
        classFiles.Distinct().ToDictionary(file => file, HashOf),
        options,
        new Dictionary<string, string>
        {
            ["notebookkit"] = Assembly.GetExecutingAssembly()
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            ["libtorch"] = __version__,
            ["dotnet"] = Environment.Version.ToString(),
            ["system"] = RuntimeInformation.OSDescription,
            ["device"] = sd.Device.ToString(),
            ["dtype"] = Precision.NameOf(sd.UNet.parameters().First().dtype),
        })
        {
            NetworkWeightsHash = File.Exists(options.Lora.Weights) ? HashOf(options.Lora.Weights) : null,
            Prompts = PromptsOf(pictures),
            Masks = pictures.Select(picture => picture.Mask).OfType<string>().Distinct().ToDictionary(file => file, HashOf),
        };

    /// <summary>Where the card of an output lies.</summary>
    /// <param name="output">The run's output.</param>
    public static string PathFor(string output) => new RunPlace(output).Card;

    /// <summary>Reads a card.</summary>
    /// <param name="path">A <c>.card.json</c> file.</param>
    /// <exception cref="BadInputException">It is missing or no card.</exception>
    public static RunCard Read(string path)
    {
        if (!File.Exists(path))
            throw new BadInputException($"There is no run card {path}; it lies beside a run's output as NAME.card.json.");
        try
        {
            return JsonSerializer.Deserialize<RunCard>(File.ReadAllText(path), TrainLog.Json) is { Settings: not null, Base: not null } card
                ? card
                : throw new BadInputException($"{path} is no run card; it lacks base or settings.");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path} is no run card: {e.Message}", e);
        }
    }

    /// <summary>Refuses to repeat a run whose pictures or base are no longer the same.</summary>
    /// <exception cref="BadInputException">A picture is missing or changed, or the base is another.</exception>
    public void CheckSources()
    {
        // Class images that are gone are painted again, the same.
        foreach (var (file, hash) in Pictures.Concat(ClassPictures.Where(picture => File.Exists(picture.Key))))
        {
            if (!File.Exists(file))
                throw new BadInputException($"The run card names {file}, which is not there; put it back to repeat the run.");
            if (HashOf(file) != hash)
                throw new BadInputException(
                    $"{file} is no longer the picture that the run card names; put the old one back, or train without the card.");
        }

        CheckBeside();
        if (Settings.Lora.Weights is { } weights && NetworkWeightsHash is { } then && (!File.Exists(weights) || HashOf(weights) != then))
            throw new BadInputException($"{weights} is no longer the LoRA that the run card began with; put the old one back to repeat the "
                + "run.");
        if (!Path.Exists(Base))
            throw new BadInputException($"The run card names the base {Base}, which is not there; put it back to repeat the run.");
        if (BaseHash is not null && ModelHash.Of(Base) is { } now && now != BaseHash)
            throw new BadInputException($"The base {Base} has the hash {now}, the run card names {BaseHash}; put the old base back, or "
                + "train without the card.");
    }

    // Captions and masks, which a picture is learned with.
    private void CheckBeside()
    {
        foreach (var (file, hash) in Masks ?? new Dictionary<string, string>())
        {
            if (!File.Exists(file) || HashOf(file) != hash)
                throw new BadInputException($"{file} is no longer the mask that the run card names; put the old one back, or train "
                    + "without the card.");
        }

        if (Prompts is null)
            return;
        var now = PromptsOf(Settings.Concepts.SelectMany(TrainingPicture.Read));
        foreach (var (file, prompt) in Prompts.Where(picture => now.GetValueOrDefault(picture.Key, picture.Value) != picture.Value))
            throw new BadInputException($"{file} was learned with the prompt \"{prompt}\", and has \"{now[file]}\" now; put its caption "
                + "back to repeat the run, or train without the card.");
    }

    private static Dictionary<string, string> PromptsOf(IEnumerable<TrainingPicture> pictures) =>
        pictures.DistinctBy(picture => picture.Path).ToDictionary(picture => picture.Path,
            picture => picture.ClassPrompt is { } ofClass ? $"{picture.Prompt} / {ofClass}" : picture.Prompt);

    /// <summary>Writes the card.</summary>
    /// <param name="path">The target.</param>
    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Indented) + "\n");

    /// <summary>The settings that must not change when a run goes on: those that the weights depend on, the pictures and the
    /// base.</summary>
    internal IReadOnlyDictionary<string, string> Fixed()
    {
        // The file may lie elsewhere by now, and a state has the weights.
        var kept = new Dictionary<string, string> { ["network_weights"] = Path.GetFileName(Settings.Lora.Weights) ?? "none" };
        foreach (var setting in Setting.All.Where(setting => !setting.MayChange))
        {
            // The first concept's under the names that checkpoints of before have.
            foreach (var (index, of) in (setting.OfConcept ? Settings.Concepts : [Settings.Concepts[0]]).Index())
            {
                var value = setting.OfConcept ? setting.Property.GetValue(of) : setting.Of(Settings);
                kept[index == 0 ? setting.Name : $"{setting.Name} of concept {index + 1}"] = JsonSerializer.Serialize(value,
                    setting.Property.PropertyType, TrainLog.Json);
            }
        }

        kept["pictures_per_step"] = $"{Settings.Intervals.BatchSize * Settings.Intervals.GradientAccumulation}";
        kept["base"] = BaseHash ?? "";
        kept["dtype"] = Versions.GetValueOrDefault("dtype", "");
        kept[PictureSums] = SumsOf(Pictures);
        kept[ClassPictureSums] = SumsOf(ClassPictures);
        return kept;
    }

    /// <summary>The hashes of pictures, whatever their names.</summary>
    internal static string SumsOf(IReadOnlyDictionary<string, string> pictures) => string.Join(' ', pictures.Values.Order());

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
