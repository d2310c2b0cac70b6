using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>What a token means plus where it stands (transformers' <c>CLIPTextEmbeddings</c>).</summary>
public sealed class CLIPTextEmbeddings : Module<Tensor, Tensor>
{
    private readonly EmbeddingTable token_embedding;
    private readonly EmbeddingTable position_embedding;

    /// <summary>Makes the two tables.</summary>
    /// <param name="config">The text encoder's shape.</param>
    public CLIPTextEmbeddings(CLIPTextConfig config) : base(nameof(CLIPTextEmbeddings))
    {
        ArgumentNullException.ThrowIfNull(config);
        token_embedding = Layers.Embedding(config.VocabSize, config.HiddenSize);
        position_embedding = Layers.Embedding(config.MaxPositionEmbeddings, config.HiddenSize);
        RegisterComponents();
    }

    /// <summary>One row for each token of the vocabulary, (V, D): what textual inversion learns a row of.</summary>
    public EmbeddingTable TokenEmbedding => token_embedding;

    /// <summary>
    /// Rows for ids beyond the vocabulary, (n, D) for each word that textual inversion has learnt, in the order of the
    /// tokenizer's added words. They are not among the module's parameters and are saved apart.
    /// </summary>
    public IList<Parameter> AddedTokens { get; } = [];

    /// <summary>Embeds tokens.</summary>
    /// <param name="input_ids">(B, L), L at most the number of positions.</param>
    /// <returns>(B, L, D).</returns>
    public override Tensor forward(Tensor input_ids)
    {
        using var scope = NewDisposeScope();
        var positions = arange(0, input_ids.shape[1], ScalarType.Int64, input_ids.device);
        return (Tokens(input_ids) + position_embedding.call(positions)).MoveToOuterDisposeScope();
    }

    private Tensor Tokens(Tensor input_ids)
    {
        if (AddedTokens.Count == 0)
            return token_embedding.call(input_ids);
        var known = token_embedding.weight.shape[0];
        var table = token_embedding.call(input_ids.clamp(max: known
            - 1));                                                          // (B, L, D)
        Tensor rows = AddedTokens.Count == 1 ? AddedTokens[0] : cat([.. AddedTokens], 0);                                          // (n, D)
        var added = rows.index_select(0, (input_ids - known).clamp(min: 0).flatten()).view(table.shape).to(table.dtype);     // (B, L, D)
        return where(input_ids.ge(known).unsqueeze(-1), added, table);
    }
}
