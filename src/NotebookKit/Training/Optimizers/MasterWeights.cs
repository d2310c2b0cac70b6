using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// Float32 copies of trained weights that are in half precision (Micikevicius et al. 2018, section 3.1): a step of 10⁻⁶
/// is lost in a bfloat16 weight, which tells numbers apart by 1 part in 256 only. The optimizer moves the copies, and
/// the weights follow. Weights that are float32 already are their own masters.
/// </summary>
public sealed class MasterWeights : IDisposable
{
    private readonly Dictionary<Parameter, Parameter> _copies = new(ReferenceEqualityComparer.Instance); // weight -> its float32 copy

    /// <summary>Copies what is in half precision.</summary>
    /// <param name="weights">What is trained.</param>
    public MasterWeights(IEnumerable<Parameter> weights)
    {
        using var grad = no_grad();
        foreach (var weight in weights.Where(weight => weight.dtype is ScalarType.Float16 or ScalarType.BFloat16))
        {
            var copy = new Parameter(weight.detach().to(ScalarType.Float32));
            copy.DetachFromDisposeScope();
            _copies[weight] = copy;
        }
    }

    /// <summary>What the optimizer is to move in a weight's place.</summary>
    /// <param name="weight">One of the trained weights.</param>
    public Parameter Of(Parameter weight) => _copies.GetValueOrDefault(weight, weight);

    /// <summary>Hands the weights' gradients over to the copies, in float32. Before unscaling, clipping and the step.</summary>
    public void TakeGradients()
    {
        using var grad = no_grad();
        foreach (var (weight, copy) in _copies)
        {
            using var scope = NewDisposeScope();
            copy.grad = weight.grad?.to(ScalarType.Float32);
            weight.grad = null;
        }
    }

    /// <summary>Rounds the copies into the weights. After the step.</summary>
    public void GiveBack()
    {
        using var grad = no_grad();
        foreach (var (weight, copy) in _copies)
            weight.copy_(copy);
    }

    /// <summary>The copies in the order of the weights, to write into a checkpoint; the tensors themselves.</summary>
    public Dictionary<string, Tensor> SaveState() => _copies.Values.Select((copy, index) => (copy, index)).ToDictionary(pair => $"{pair.index}", pair => pair.copy.detach());

    /// <summary>Goes on from what <see cref="SaveState"/> gave, to the bit.</summary>
    /// <param name="saved">Read, and copied.</param>
    /// <exception cref="BadInputException">It is of other weights.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        if (saved.Count != _copies.Count)
            throw new BadInputException($"The master weights' state has {saved.Count} weights, but {_copies.Count} are trained in half precision; it belongs to a run with other settings.");
        using var grad = no_grad();
        foreach (var (copy, index) in _copies.Values.Select((copy, index) => (copy, index)))
            copy.copy_(saved[$"{index}"]);
        GiveBack();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var copy in _copies.Values)
            copy.Dispose();
    }
}
