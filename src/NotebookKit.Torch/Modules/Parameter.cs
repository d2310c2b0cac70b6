using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A tensor that a module owns and training changes.</summary>
public sealed class Parameter : Tensor
{
    /// <summary>A leaf that takes over the data; the tensor given is empty afterwards.</summary>
    /// <param name="data">the first values</param>
    /// <param name="requires_grad">whether training changes it</param>
    public Parameter(Tensor data, bool requires_grad = true) : base(Leaf(data))
    {
        if (this.requires_grad != requires_grad)
            this.requires_grad = requires_grad;
    }

    private static nint Leaf(Tensor data)
    {
        if (data.is_leaf)
            return data.TakeHandle();
        using var leaf = data.detach();
        return leaf.TakeHandle();
    }
}
