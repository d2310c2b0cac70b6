using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tensors;

/// <summary>
/// Parameters laid end to end in one tensor. The modules' own parameters become views of it, and their gradients views of
/// another, into which backward adds: clipping, an optimizer's step, an average and a checkpoint are then a few operations
/// on long vectors, however many layers there are. Several sets may share their values and have a gradient each.
/// </summary>
/// <remarks>
/// A module's <c>zero_grad()</c> and a change of its type or device part its parameters from the vector: they are flattened
/// last, and <see cref="ZeroGradient"/> forgets the gradients.
/// </remarks>
public sealed class FlatParameters : IDisposable
{
    /// <summary>Lays parameters out.</summary>
    /// <param name="parameters">Of one type, on one device; at least one.</param>
    /// <param name="shared">The values of an earlier set over modules of the same shapes, to share; null to take the parameters'
    /// own.</param>
    public FlatParameters(IEnumerable<Parameter> parameters, Tensor? shared = null)
    {
        Parameters = [.. parameters];
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        Values = (shared?.alias()
            ?? empty([Parameters.Sum(parameter => parameter.numel())], Parameters[0].dtype, Parameters[0].device)).DetachFromDisposeScope();
        Gradient = zeros_like(Values).DetachFromDisposeScope();
        // One after the other, so that whatever a parameter held goes before the next one's place is written to.
        foreach (var (parameter, value, gradient) in Parameters.Zip(Views(Values), Views(Gradient)))
        {
            if (shared is null)
                value.copy_(parameter);
            parameter.set_(value);
            parameter.grad = gradient;
        }
    }

    /// <summary>The parameters, in their order.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>All values, (P).</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, (P).</summary>
    public Tensor Gradient { get; }

    /// <summary>Cuts a vector of this layout into views, one for each parameter, in its shape.</summary>
    /// <param name="vector">(P).</param>
    public IEnumerable<Tensor> Views(Tensor vector)
    {
        ArgumentNullException.ThrowIfNull(vector);
        long at = 0;
        foreach (var parameter in Parameters)
        {
            yield return vector.narrow(0, at, parameter.numel()).view(parameter.shape);
            at += parameter.numel();
        }
    }

    /// <summary>Sets every gradient to 0.</summary>
    public void ZeroGradient()
    {
        using var grad = no_grad();
        Gradient.zero_();
    }

    /// <summary>Lets the gradients go; the parameters keep their values.</summary>
    public void Dispose()
    {
        foreach (var parameter in Parameters.Where(parameter => !parameter.IsInvalid))
            parameter.grad = null;
        Gradient.Dispose();
        Values.Dispose();
    }
}
