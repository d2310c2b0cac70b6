using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Training.Data;

/// <summary>The text encoder's states of the prompts: computed once while it is frozen, anew in each step while it learns.</summary>
internal sealed class PromptStates(StableDiffusion sd) : IDisposable
{
    // Shuffled captions come in more orders than anybody wants to keep: 512 are 120 MB for Stable Diffusion.
    internal const int Kept = 512;

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

    /// <summary>Computes what will be asked for, all of it, so that the text encoder can be put aside.</summary>
    public void Prepare(IEnumerable<string> prompts)
    {
        Frozen = true;
        using var scope = NewDisposeScope();
        foreach (var prompt in prompts.Where(prompt => !_cache.ContainsKey(prompt)).Distinct().ToList())
            _cache[prompt] = Compute(prompt).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => Forget();

    private Tensor Remembered(string prompt)
    {
        if (_cache.TryGetValue(prompt, out var states))
            return states;
        states = Compute(prompt);
        if (_cache.Count < Kept)
            _cache[prompt] = states.DetachFromDisposeScope();
        return states;
    }

    private Tensor Compute(string prompt)
    {
        using var grad = no_grad();
        return sd.EncodePrompts([prompt]);
    }

    private void Forget()
    {
        foreach (var states in _cache.Values)
            states.Dispose();
        _cache.Clear();
    }
}
