using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>The text encoder's states of the prompts: computed once while it is frozen, anew in each step while it learns.</summary>
internal sealed class PromptStates : IDisposable
{
    private readonly StableDiffusion _sd;
    private readonly Dictionary<string, Tensor>? _cache; // prompt -> (1, 77, D)

    /// <summary>Encodes every prompt once if the text encoder is frozen.</summary>
    public PromptStates(StableDiffusion sd, IEnumerable<string> prompts, bool frozen)
    {
        _sd = sd;
        if (!frozen)
            return;
        using var grad = no_grad();
        _cache = prompts.Distinct().ToDictionary(prompt => prompt, prompt =>
        {
            using var scope = NewDisposeScope();
            return Encode([prompt]).DetachFromDisposeScope();
        });
    }

    /// <summary>The states of a batch's prompts: (B, 77, D).</summary>
    public Tensor Of(IReadOnlyList<string> prompts) =>
        _cache is null ? Encode(prompts) : cat([.. prompts.Select(prompt => _cache[prompt])]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var states in _cache?.Values ?? Enumerable.Empty<Tensor>())
            states.Dispose();
    }

    private Tensor Encode(IReadOnlyList<string> prompts)
    {
        var ids = prompts.SelectMany(prompt => _sd.Tokenizer.EncodePadded(prompt)).Select(id => (long)id).ToArray();
        return _sd.TextEncoder.call(tensor(ids).reshape(prompts.Count, -1).to(_sd.Device)).LastHiddenState;
    }
}
