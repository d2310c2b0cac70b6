using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>The text encoder's states of the prompts: computed once while it is frozen, anew in each step while it learns.</summary>
internal sealed class PromptStates(StableDiffusion sd) : IDisposable
{
    // Shuffled captions come in more orders than anybody wants to keep: 512 are 120 MB for Stable Diffusion.
    private const int Kept = 512;

    private readonly Dictionary<string, Tensor> _cache = []; // prompt -> (1, 77, D)
    private bool _frozen;

    /// <summary>Whether the text encoder stands still. What was computed before it moved is forgotten.</summary>
    public bool Frozen
    {
        get => _frozen;
        set
        {
            if (value != _frozen)
                Forget();
            _frozen = value;
        }
    }

    /// <summary>The states of a batch's prompts: (B, 77, D), on the base's device.</summary>
    public Tensor Of(IReadOnlyList<string> prompts) => Frozen ? cat([.. prompts.Select(Remembered)]) : sd.EncodePrompts(prompts);

    /// <inheritdoc/>
    public void Dispose() => Forget();

    private Tensor Remembered(string prompt)
    {
        if (_cache.TryGetValue(prompt, out var states))
            return states;
        using var grad = no_grad();
        states = sd.EncodePrompts([prompt]);
        if (_cache.Count < Kept)
            _cache[prompt] = states.DetachFromDisposeScope();
        return states;
    }

    private void Forget()
    {
        foreach (var states in _cache.Values)
            states.Dispose();
        _cache.Clear();
    }
}
