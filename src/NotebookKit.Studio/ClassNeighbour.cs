using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Studio;

/// <summary>
/// Something beside the class that a training should leave as it was: of common things that neither the subject's nor the
/// class's prompt names, the one whose prompt ends in the state most like the class prompt's in this base's text encoder.
/// </summary>
internal static class ClassNeighbour
{
    // What the miniature knows, then what every Stable Diffusion knows.
    private static readonly string[] Known =
        ["rabbit toy", "bear toy", "dog toy", "cat toy", "duck toy", "robot toy", "car toy", "dog", "cat", "house", "tree", "flower"];

    private static readonly string[] Common =
        [.. Known, "horse", "bird", "car", "cup", "chair", "backpack", "shoe", "man", "woman", "child"];

    /// <summary>The neighbour's prompt: "a photo of a bear toy".</summary>
    /// <param name="sd">The base, taken for oneself: its text encoder reads some twenty prompts.</param>
    /// <param name="instance">A prompt of the subject.</param>
    /// <param name="ofClass">The class prompt; null where there is none, and then the neighbour is the subject's own.</param>
    public static string Prompt(StableDiffusion sd, string instance, string? ofClass) =>
        $"a photo of a {Thing(sd, instance, ofClass ?? instance)}";

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
        var named = Words(instance + " " + ofClass).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var things = (sd.UNet.Config.IsMiniature ? Known : Common).Where(thing => !named.Contains(Words(thing)[0])).ToList();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var states = Ends(sd, [Shown(ofClass), .. things]); // (1 + things, D)
        var likeness = nn.functional.cosine_similarity(states[..1], states[1..], dim: 1); // (things)
        return things[(int)likeness.argmax().item<long>()];
    }

    // The states in which prompts of these things end, seen from their mean: what all prompts have in common tells none from another.
    private static Tensor Ends(StableDiffusion sd, IReadOnlyList<string> things)
    {
        string[] prompts = [.. things.Select(thing => $"a photo of a {thing}")];
        var states = sd.EncodePrompts(prompts).to(ScalarType.Float32).cpu(); // (B, L, D)
        var ends = stack(prompts.Select((prompt, i) => states[i, sd.Tokenizer.Encode(prompt).Count - 1])); // (B, D)
        return ends - ends.mean([0], keepdim: true);
    }

    private static string[] Words(string text) =>
        text.Split([' ', ',', '.', '-', '_'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
