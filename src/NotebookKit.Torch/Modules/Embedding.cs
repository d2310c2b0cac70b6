using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>A table of vectors, looked up by number.</summary>
public sealed class Embedding : Module<Tensor, Tensor>
{
    private readonly long padding;

    /// <summary>(num_embeddings, embedding_dims)</summary>
    public Parameter weight
    {
        get;
        set => ConditionallyRegisterParameter(nameof(weight), field = value);
    }

    internal Embedding(long num_embeddings, long embedding_dims, long? padding_idx, Device? device, ScalarType? dtype) : base(nameof(Embedding))
    {
        padding = padding_idx ?? -1;
        weight = init.New([num_embeddings, embedding_dims], dtype, device, w => init.normal_(w));
        if (padding_idx is { } row)
            using (no_grad())
            using (var empty = weight.select(0, row))
                empty.zero_();
    }

    /// <summary>(…) whole numbers to (…, embedding_dims).</summary>
    public override Tensor forward(Tensor input) => Ops.embedding.Call(weight, input, padding);
}
