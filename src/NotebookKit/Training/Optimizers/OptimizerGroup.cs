using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Optimizers;

/// <summary>
/// Parameters that share a learning rate and a weight decay, as one vector. Where they are in half precision the optimizer
/// moves a float32 copy, and they follow (Micikevicius et al. 2018, section 3.1): a step of 10⁻⁶ is lost in a bfloat16
/// weight, which tells numbers apart by 1 part in 256 only.
/// </summary>
public sealed class OptimizerGroup : IDisposable
{
    private readonly FlatParameters _flat;
    private readonly Tensor? _master;

    /// <summary>Makes a group; its parameters become views of one vector.</summary>
    /// <param name="parameters">What is trained: of one type, on one device.</param>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="weightDecay">What part of a weight, times the learning rate, a step takes away.</param>
    public OptimizerGroup(IEnumerable<Parameter> parameters, double learningRate, double weightDecay = 0.01)
        : this(new FlatParameters(parameters), learningRate, weightDecay)
    {
    }

    /// <summary>Makes a group of what is flat already; the group frees it.</summary>
    /// <param name="flat">What is trained.</param>
    /// <param name="learningRate">How far a step goes.</param>
    /// <param name="weightDecay">What part of a weight, times the learning rate, a step takes away.</param>
    /// <param name="rates">What the learning rate is multiplied by for each number, (P); null for 1. AdamW alone looks at it.</param>
    public OptimizerGroup(FlatParameters flat, double learningRate, double weightDecay = 0.01, Tensor? rates = null)
    {
        ArgumentNullException.ThrowIfNull(flat);
        (_flat, LearningRate, WeightDecay, Rates) = (flat, learningRate, weightDecay, rates);
        if (flat.Values.dtype is ScalarType.Float16 or ScalarType.BFloat16)
            _master = flat.Values.to(ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <summary>The trained parameters.</summary>
    public IReadOnlyList<Parameter> Parameters => _flat.Parameters;

    /// <summary>What the optimizer moves, (P): the parameters themselves, or their float32 copies.</summary>
    public Tensor Weights => _master ?? _flat.Values;

    /// <summary>Whether the optimizer moves copies.</summary>
    public bool HasMasters => _master is not null;

    /// <summary>Their gradients, (P), in the parameters' type.</summary>
    public Tensor Gradient => _flat.Gradient;

    /// <summary>What the learning rate is multiplied by for each number, (P), or null.</summary>
    public Tensor? Rates { get; }

    /// <summary>How far a step goes.</summary>
    public double LearningRate { get; set; }

    /// <summary>What part of a weight, times the learning rate, a step takes away.</summary>
    public double WeightDecay { get; }

    /// <summary>Whether steps move it; what stands still keeps its averages too.</summary>
    public bool Learns { get; set; } = true;

    /// <summary>A vector of this layout as views in the parameters' shapes.</summary>
    /// <param name="vector">(P).</param>
    public IEnumerable<Tensor> Views(Tensor vector) => _flat.Views(vector);

    /// <summary>Sets the gradients to 0.</summary>
    public void ZeroGradient() => _flat.ZeroGradient();

    /// <summary>Rounds the copies into the parameters, where there are copies.</summary>
    public void GiveBack()
    {
        if (_master is null)
            return;
        using var grad = no_grad();
        _flat.Values.copy_(_master);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _master?.Dispose();
        _flat.Dispose();
    }
}
