using NotebookKit.Pipeline;

namespace NotebookKit.Studio;

/// <summary>
/// Something beside the class that a training should leave as it was: of common things that neither the subject's nor the
/// class's prompt names, the one whose words this base's text encoder holds for the most like the class.
/// </summary>
internal sealed class ClassNeighbour
{
    // What the miniature knows, then what every Stable Diffusion knows.
    private static readonly string[] Known =
        ["rabbit toy", "bear toy", "dog toy", "cat toy", "duck toy", "robot toy", "car toy", "dog", "cat", "house", "tree", "flower"];

    private static readonly string[] Common = [.. Known, "horse", "bird", "car", "cup", "chair", "backpack", "shoe", "man", "woman", "child"];

    private readonly Dictionary<(string Instance, string Class), string> _found = [];

    /// <summary>The neighbour's prompt: "a photo of a bear toy".</summary>
    /// <param name="sd">The base.</param>
    /// <param name="instance">A prompt of the subject.</param>
    /// <param name="ofClass">The class prompt; null where there is none, and then the neighbour is the subject's own.</param>
    public string Prompt(StableDiffusion sd, string instance, string? ofClass)
    {
        lock (_found)
        {
            if (!_found.TryGetValue((instance, ofClass ?? ""), out var found))
                _found[(instance, ofClass ?? "")] = found = $"a photo of a {Thing(sd, instance, ofClass ?? instance)}";
            return found;
        }
    }

    /// <summary>What a prompt shows: "toy" of "a photo of a toy".</summary>
    public static string Shown(string prompt)
    {
        var shown = prompt[(prompt.LastIndexOf(" of ", StringComparison.OrdinalIgnoreCase) is >= 0 and var at ? at + 4 : 0)..];
        return shown.StartsWith("a ", StringComparison.OrdinalIgnoreCase) ? shown[2..] : shown;
    }

    /// <summary>The neighbour's words alone: "bear toy".</summary>
    /// <inheritdoc cref="Prompt"/>
    public static string Thing(StableDiffusion sd, string instance, string ofClass)
    {
        using var probe = new IdentifierProbe(sd);
        var named = Words(instance + " " + ofClass).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var word = Shown(ofClass) is { Length: > 0 } shown ? shown : "thing";
        return (sd.UNet.Config.IsMiniature ? Known : Common).Where(thing => !Words(thing).All(named.Contains))
            .MaxBy(thing => probe.Similarity(thing, word))!;
    }

    private static string[] Words(string text) =>
        text.Split([' ', ',', '.', '-', '_'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
