using static TorchSharp.torch;

namespace NotebookKit.ToyWorld.Pretraining;

/// <summary>
/// A stage's parameters laid end to end in one float32 tensor. The modules' own parameters become views of it, and so
/// do their gradients: clipping, AdamW, averaging and checkpoints are then a few operations on long vectors, and several
/// workers share their weights by looking at the same memory.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    private readonly IReadOnlyList<LearnedTensor> tensors;

    /// <summary>Lays the parameters out. The first worker's values fill a new vector; later workers are given the first one's.</summary>
    /// <param name="tensors">The parameters in an order that every worker shares.</param>
    /// <param name="shared">The vector of the first worker, or null to make it.</param>
    public FlatParameters(IReadOnlyList<LearnedTensor> tensors, Tensor? shared)
    {
        this.tensors = tensors;
        using var noGrad = no_grad();
        Values = shared ?? cat([.. tensors.Select(t => t.Value.reshape(-1))], 0).detach();
        Gradient = zeros_like(Values);
        long at = 0;
        foreach (var (_, value, _, _) in tensors)
        {
            var shape = value.shape;
            var length = value.numel();
            value.set_(Values.narrow(0, at, length).view(shape));
            value.grad = Gradient.narrow(0, at, length).view(shape);
            at += length;
        }
    }

    /// <summary>All weights, (P), shared by the workers.</summary>
    public Tensor Values { get; }

    /// <summary>This worker's gradients, (P).</summary>
    public Tensor Gradient { get; }

    /// <summary>What the learning rate is multiplied by for each weight, (P).</summary>
    public Tensor Rates()
    {
        var rates = tensors.Select(t =>
        {
            var rate = full_like(t.Value, t.Rate).detach();
            if (t.FrozenFrom is { } row)
                rate.narrow(0, row, rate.shape[0] - row).zero_();
            return rate.reshape(-1);
        });
        return cat([.. rates], 0).detach();
    }

    /// <summary>Cuts a vector of this layout into named tensors that look into it.</summary>
    public Dictionary<string, Tensor> Named(Tensor vector)
    {
        var named = new Dictionary<string, Tensor>();
        long at = 0;
        foreach (var (name, value, _, _) in tensors)
        {
            named[name] = vector.narrow(0, at, value.numel()).view(value.shape);
            at += value.numel();
        }
        return named;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Values.Dispose();
        Gradient.Dispose();
    }
}
