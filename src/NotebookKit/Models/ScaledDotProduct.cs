using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// softmax(QKᵀ/√d + mask)·V over several heads (Vaswani et al. 2017, equation 1), by libtorch's fused kernel, which keeps
/// no scores (Dao et al. 2022).
/// </summary>
internal static class ScaledDotProduct
{
    /// <summary>Splits the last dimension into heads, attends in each, and joins the heads again.</summary>
    /// <param name="query">(B, L, C).</param>
    /// <param name="key">(B, S, C).</param>
    /// <param name="value">(B, S, C).</param>
    /// <param name="heads">Number of heads; divides C.</param>
    /// <param name="mask">Added to the scores, (L, S) or (B·heads, L, S); null for none.</param>
    /// <returns>(B, L, C).</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, int heads, Tensor? mask)
    {
        var ofHeads = mask is { ndim: 3 } each ? each.view(query.shape[0], heads, each.shape[1], each.shape[2]) : mask;
        return functional.scaled_dot_product_attention(SplitHeads(query, heads), SplitHeads(key, heads), SplitHeads(value, heads), ofHeads)
            .transpose(1, 2).flatten(2);
    }

    // (B, L, C) to (B, h, L, d), a view.
    private static Tensor SplitHeads(Tensor tokens, int heads) =>
        tokens.view(tokens.shape[0], tokens.shape[1], heads, tokens.shape[2] / heads).transpose(1, 2);
}
