using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Tensors;

/// <summary>A vector for each id (PyTorch's <c>nn.Embedding</c>; TorchSharp's own keeps its table in RAM after it is freed).</summary>
public sealed class EmbeddingTable : nn.Module<Tensor, Tensor>
{
    /// <summary>Wraps a table.</summary>
    /// <param name="table">(ids, width).</param>
    internal EmbeddingTable(Parameter table) : base(nameof(EmbeddingTable))
    {
        weight = table;
        register_parameter(nameof(weight), table);
    }

    /// <summary>(ids, width).</summary>
    public Parameter weight { get; private set; } // which to(dtype) sets by its name

    /// <summary>Looks ids up.</summary>
    /// <param name="input">(…) of int64.</param>
    /// <returns>(…, width).</returns>
    public override Tensor forward(Tensor input)
    {
        using var flat = input.reshape(-1);
        using var rows = weight.index_select(0, flat);
        return rows.view([.. input.shape, weight.shape[1]]);
    }
}
