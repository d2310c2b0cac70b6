using NotebookKit.Lora.Files;
using NotebookKit.Pipeline;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Use;

/// <summary>
/// The LoRAs that a prompt asks for, attached to a base at once, each at its own multipliers:
/// <c>&lt;lora:rabbit:0.8&gt; &lt;lora:moxin:0.5:1:4&gt;</c>. Disposing takes them off again.
/// </summary>
/// <remarks>
/// The web UI's meaning: W' = W + Σ multiplier · scale · ΔW in the prompt's order, <c>te</c> for layers of the text encoder
/// and <c>unet</c> for the others, <c>dyn</c> for only the first directions of each layer. One thing differs: who writes
/// the same LoRA twice gets both multipliers, 0.3 and 0.5 make 0.8; the web UI holds one network under both tags and so
/// applies the last multiplier twice, 0.5 and 0.5.
/// </remarks>
public sealed class LoraStack : IDisposable
{
    private readonly List<(LoraTag Tag, LoraNetwork Network)> _networks = [];
    private readonly List<string> _warnings = [];

    private LoraStack()
    {
    }

    /// <summary>What is attached, in the order of the tags. Their multipliers can be changed at any time.</summary>
    public IReadOnlyList<(LoraTag Tag, LoraNetwork Network)> Networks => _networks;

    /// <summary>What could not be done: unknown names, files that fit only in part. What could is attached.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Takes the tags out of a prompt and attaches what they ask for.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="prompt">A positive prompt; in a negative one a tag is text.</param>
    /// <param name="library">Where the names are looked up.</param>
    /// <param name="strict">Refuse what would otherwise be a warning.</param>
    /// <returns>The prompt without its tags, and the networks.</returns>
    /// <exception cref="BadInputException">A tag's number cannot be read, or <paramref name="strict"/> found a problem.</exception>
    public static (string Prompt, LoraStack Stack) Load(StableDiffusion sd, string prompt, LoraLibrary library, bool strict = false)
    {
        var (rest, tags) = ExtraNetworkTag.TakeOut(prompt);
        var (known, others) = (tags.Where(tag => tag.IsLora).Select(tag => tag.ToLora()).ToList(), tags.Where(tag => !tag.IsLora).ToList());
        var stack = Load(sd, known, library, strict);
        stack._warnings.AddRange(others.Select(tag => $"{tag.Text} asks for a {tag.Kind}, which is left out: there are only lora tags."));
        stack._warnings.AddRange(PlaceOfTag.InSchedules(prompt));
        return (rest, stack);
    }

    /// <summary>Attaches LoRAs.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="tags">Which, and how strongly.</param>
    /// <param name="library">Where the names are looked up.</param>
    /// <param name="strict">Refuse what would otherwise be a warning.</param>
    /// <exception cref="BadInputException"><paramref name="strict"/> found a problem; nothing is attached.</exception>
    public static LoraStack Load(StableDiffusion sd, IReadOnlyList<LoraTag> tags, LoraLibrary library, bool strict = false)
    {
        ArgumentNullException.ThrowIfNull(sd);
        ArgumentNullException.ThrowIfNull(tags);
        ArgumentNullException.ThrowIfNull(library);
        var stack = new LoraStack();
        foreach (var tag in tags)
        {
            try
            {
                stack.Add(sd, tag, library, strict);
            }
            catch (BadInputException e) when (!strict)
            {
                stack._warnings.Add(e.Message); // the picture is drawn without it, as the web UI does
            }
            catch
            {
                stack.Dispose();
                throw;
            }
        }

        return stack;
    }

    /// <summary>Takes every network off and frees it.</summary>
    public void Dispose()
    {
        foreach (var (_, network) in _networks)
            network.Dispose();
        _networks.Clear();
    }

    private void Add(StableDiffusion sd, LoraTag tag, LoraLibrary library, bool strict)
    {
        using var scope = NewDisposeScope();
        var path = library.Find(tag.Name) ?? throw new BadInputException(library.Missing(tag.Name));
        var network = LoraNetwork.Attach(LoraFile.Read(path), sd, strict: strict, rank: tag.Rank);
        if (library.Ambiguity(tag.Name) is { } several)
            _warnings.Add(several);
        (network.UNetMultiplier, network.TextMultiplier) = (tag.UNet, tag.TextEncoder);
        _networks.Add((tag, network));
        if (network.Problems.Count > 0)
            _warnings.Add($"{path} does not fit this base whole: {string.Join("; ", network.Problems)}.");
    }
}
