using static TorchSharp.torch;

namespace NotebookKit.Schedulers;

/// <summary>The tensors that a sampler remembers from one step to the next: the newest first, the oldest freed when there are too
/// many.</summary>
/// <param name="capacity">How many are kept.</param>
internal sealed class StepMemory(int capacity)
{
    private readonly List<Tensor> _kept = [];

    /// <summary>How many are remembered.</summary>
    public int Count => _kept.Count;

    /// <summary>The tensor of that many steps ago; 0 is the newest.</summary>
    public Tensor this[int back] => _kept[back];

    /// <summary>Remembers a tensor, whatever becomes of the caller's handle.</summary>
    public void Add(Tensor tensor)
    {
        _kept.Insert(0, tensor.detach().DetachFromDisposeScope());
        if (_kept.Count <= capacity)
            return;
        _kept[^1].Dispose();
        _kept.RemoveAt(capacity);
    }

    /// <summary>Frees every tensor.</summary>
    public void Clear()
    {
        _kept.ForEach(tensor => tensor.Dispose());
        _kept.Clear();
    }
}
