using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Evaluation;

/// <summary>
/// A small network, trained on the toy world, that reads class, colour, background and style from a picture, and gives
/// vectors that are alike for one individual from several sides and on several grounds. It stands where DreamBooth's
/// paper has CLIP (does the picture show what the prompt says?) and DINO (is it the same individual?), and knows nothing
/// but the toy world.
/// </summary>
public sealed class Probe : IPictureEmbedder
{
    private const int Batch = 50;

    /// <summary>Binds a network to its names.</summary>
    public Probe(ProbeConfig config, ProbeNetwork network)
    {
        (Config, Network) = (config, network);
    }

    /// <summary>Its shape and names.</summary>
    public ProbeConfig Config { get; }

    /// <summary>Its network.</summary>
    public ProbeNetwork Network { get; }

    /// <inheritdoc/>
    public string Name => "probe";

    /// <summary>Loads <c>config.json</c> and <c>model.safetensors</c>.</summary>
    /// <param name="folder">The probe's folder, such as <c>data/probe</c>.</param>
    /// <exception cref="BadInputException">A file is missing or malformed, or the two do not belong together.</exception>
    public static Probe Load(string folder)
    {
        var config = ProbeConfig.Load(Path.Combine(folder, "config.json"));
        var network = PretrainedWeights.Load(() => new ProbeNetwork(config), folder, WeightFolder.TransformersName, ScalarType.Float32,
            null);
        network.eval();
        return new Probe(config, network);
    }

    /// <summary>Writes both files, the weights in float16.</summary>
    public void Save(string folder)
    {
        Config.Save(Path.Combine(folder, "config.json"));
        PretrainedWeights.Save(Network, Path.Combine(folder, WeightFolder.TransformersName), ScalarType.Float16);
    }

    /// <summary>Reads the attributes of pictures of any size.</summary>
    public IReadOnlyList<ProbeReading> Read(IReadOnlyList<RgbImage> pictures) =>
        [.. Look(pictures, output => output).SelectMany(output =>
        {
            var (thing, colour, background, style) = (Best(output.Class), Best(output.Colour), Best(output.Background), Best(output.Style));
            return thing.Select((_, i) => new ProbeReading(
                Config.Classes[(int)thing[i]], Config.Colours[(int)colour[i]], Config.Backgrounds[(int)background[i]],
                Config.Styles[(int)style[i]]));
        })];

    /// <inheritdoc/>
    public Tensor Embed(IReadOnlyList<RgbImage> pictures) => cat([.. Look(pictures, output => output.Embedding)], 0);

    /// <summary>
    /// Whether each picture shows what its prompt says: of class, background and style, and of colour, all that the prompt names;
    /// what it leaves open may be anything.
    /// </summary>
    /// <param name="pictures">The pictures.</param>
    /// <param name="prompts">One for each.</param>
    public IReadOnlyList<bool> Shows(IReadOnlyList<RgbImage> pictures, IReadOnlyList<string> prompts) =>
        [.. Read(pictures).Zip(prompts, (seen, prompt) =>
            (Named(Config.Classes, prompt) ?? seen.Class) == seen.Class && (Named(Config.Colours, prompt) ?? seen.Colour) == seen.Colour
            && (Named(Config.Backgrounds, prompt) ?? seen.Background) == seen.Background
            && (Named(Config.Styles, prompt) ?? seen.Style) == seen.Style)];

    // The longest name that the prompt holds as whole words: "dog toy" before "dog".
    private static string? Named(IReadOnlyList<string> names, string prompt)
    {
        var words = prompt.ToLowerInvariant().Split((char[])[' ', ',', '.'], StringSplitOptions.RemoveEmptyEntries);
        var said = $" {string.Join(' ', words)} ";
        return names.Where(name => said.Contains($" {name} ", StringComparison.Ordinal)).MaxBy(name => name.Length);
    }

    private List<T> Look<T>(IReadOnlyList<RgbImage> pictures, Func<ProbeOutput, T> take)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        using var noGrad = no_grad();
        var seen = new List<T>();
        for (var first = 0; first < pictures.Count; first += Batch)
        {
            var images = stack([.. pictures.Skip(first).Take(Batch)
                .Select(p => ImageTensor.ToTensor(p.ResizeAndCenterCrop(Config.SampleSize)))], 0);
            seen.Add(take(Network.call(images)));
        }

        return seen;
    }

    private static long[] Best(Tensor logits) => logits.argmax(1).data<long>().ToArray();

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Network.Dispose();
}

/// <summary>What the probe takes a picture for.</summary>
/// <param name="Class">The class: "rabbit toy".</param>
/// <param name="Colour">The colour: "red". Sketches have none; the reading is then a guess without meaning.</param>
/// <param name="Background">The background: "grass".</param>
/// <param name="Style">The style: "photo".</param>
public sealed record ProbeReading(string Class, string Colour, string Background, string Style);
