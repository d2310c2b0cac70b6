using static TorchSharp.torch;

namespace NotebookKit.Models;

/// <summary>softmax(QKᵀ/√d + mask)·V over several heads, written out (Vaswani et al. 2017, equation 1).</summary>
internal static class ScaledDotProduct
{
    /// <summary>Splits the last dimension into heads, attends in each, and joins the heads again.</summary>
    /// <param name="query">(B, L, C).</param>
    /// <param name="key">(B, S, C).</param>
    /// <param name="value">(B, S, C).</param>
    /// <param name="heads">Number of heads; divides C.</param>
    /// <param name="mask">Added to the scores, broadcast to (B·heads, L, S); null for none.</param>
    /// <param name="upcast">Scores and softmax in float32.</param>
    /// <returns>(B, L, C).</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, int heads, Tensor? mask, bool upcast)
    {
        var type = value.dtype;
        var scale = 1 / Math.Sqrt((double)query.shape[2] / heads);
        // Scaling Q touches L·d numbers, scaling the scores would touch L·S.
        var q = FoldHeads(upcast ? query.to(ScalarType.Float32) * scale : query * scale, heads); // (B·h, L, d)
        var k = FoldHeads(upcast ? key.to(ScalarType.Float32) : key, heads); // (B·h, S, d)
        var v = FoldHeads(value, heads); // (B·h, S, d)

        // The scores are the largest tensors of the model: let go of each as soon as the next is there.
        var scores = bmm(q, k.transpose(1, 2)); // (B·h, L, S)
        if (mask is not null)
        {
            using var unmasked = scores;
            scores = unmasked + mask;
        }

        var weights = scores.softmax(-1);
        scores.Dispose();
        if (upcast && type != ScalarType.Float32)
            weights = weights.to(type);
        return UnfoldHeads(bmm(weights, v), heads); // (B, L, C)
    }

    private static Tensor FoldHeads(Tensor tokens, int heads)
    {
        var (batch, length, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        if (heads == 1)
            return tokens;
        return tokens.view(batch, length, heads, width / heads).transpose(1, 2).reshape(batch * heads, length, width / heads);
    }

    private static Tensor UnfoldHeads(Tensor tokens, int heads)
    {
        var (folded, length, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        if (heads == 1)
            return tokens;
        return tokens.view(folded / heads, heads, length, width).transpose(1, 2).reshape(folded / heads, length, width * heads);
    }
}
