using NotebookKit.Torch;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// softmax(QKᵀ/√d + mask)·V over several heads (Vaswani et al. 2017, equation 1): by libtorch's fused kernel where it
/// has one, else written out.
/// </summary>
internal static class ScaledDotProduct
{
    // Scores beyond this many are not made all at once: 64×64 latents have 134 million of them, half a gigabyte.
    private const long MostScores = 1 << 25;
    private static readonly bool fused = TorchExtras.HasFusedAttention;

    [ThreadStatic]
    private static bool s_rehearseFused;

    /// <summary>Splits the last dimension into heads, attends in each, and joins the heads again.</summary>
    /// <param name="query">(B, L, C).</param>
    /// <param name="key">(B, S, C).</param>
    /// <param name="value">(B, S, C).</param>
    /// <param name="heads">Number of heads; divides C.</param>
    /// <param name="mask">Added to the scores, (L, S) or (B·heads, L, S); null for none.</param>
    /// <param name="upcast">Scores and softmax in float32.</param>
    /// <returns>(B, L, C).</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, int heads, Tensor? mask, bool upcast)
    {
        if (query.device.type == DeviceType.META)
        {
            if (s_rehearseFused)
                return FusedRehearsal.apply(heads, query, key, value);
        }
        else if (fused && mask is not { ndim: 3 })
            return Fused(query, key, value, heads, mask);

        // Scaling Q touches L·d numbers, scaling the scores would touch L·S.
        var scale = 1 / Math.Sqrt((double)query.shape[2] / heads);
        var q = FoldHeads(upcast ? query.to(ScalarType.Float32) * scale : query * scale, heads); // (B·h, L, d)
        var k = FoldHeads(upcast ? key.to(ScalarType.Float32) : key, heads); // (B·h, S, d)
        var v = FoldHeads(value, heads); // (B·h, S, d)

        var piece = MostScores / (q.shape[1] * k.shape[1]);
        // With gradients every piece would be kept for backward anyway.
        var whole = is_grad_enabled() || mask is not null || piece >= q.shape[0];
        return UnfoldHeads(whole ? Attend(q, k, v, mask) : InPieces(q, k, v, Math.Max(piece, 1)), heads); // (B, L, C)
    }

    /// <summary>Says until disposed which kind of attention tensors on <c>meta</c> stand for.</summary>
    /// <param name="asFused">One kernel that keeps no scores, whatever this machine's libtorch has.</param>
    public static IDisposable Rehearse(bool asFused)
    {
        s_rehearseFused = asFused;
        return new Rehearsing();
    }

    // (B·h, L, d). The scores are the largest tensors of the model: each goes as soon as the next is there.
    private static Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        var scores = bmm(q, k.transpose(1, 2)); // (B·h, L, S)
        if (mask is not null)
        {
            using var unmasked = scores;
            scores = unmasked + mask;
        }

        var weights = scores.softmax(-1);
        scores.Dispose();
        if (weights.dtype != v.dtype)
            weights = weights.to(v.dtype);
        return bmm(weights, v);
    }

    private static Tensor InPieces(Tensor q, Tensor k, Tensor v, long piece)
    {
        var output = empty_like(q, v.dtype);
        for (var start = 0L; start < q.shape[0]; start += piece)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(piece, q.shape[0] - start);
            var attended = Attend(q.narrow(0, start, count), k.narrow(0, start, count), v.narrow(0, start, count), null);
            output.narrow(0, start, count).copy_(attended);
        }

        return output;
    }

    private static Tensor Fused(Tensor query, Tensor key, Tensor value, int heads, Tensor? mask) =>
        functional.scaled_dot_product_attention(SplitHeads(query, heads), SplitHeads(key, heads), SplitHeads(value, heads), mask)
            .transpose(1, 2).flatten(2);

    // (B, L, C) to (B, h, L, d), a view.
    private static Tensor SplitHeads(Tensor tokens, int heads) =>
        tokens.view(tokens.shape[0], tokens.shape[1], heads, tokens.shape[2] / heads).transpose(1, 2);

    private static Tensor FoldHeads(Tensor tokens, int heads)
    {
        var (batch, length, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        return heads == 1 ? tokens : SplitHeads(tokens, heads).reshape(batch * heads, length, width / heads);
    }

    private static Tensor UnfoldHeads(Tensor tokens, int heads)
    {
        var (folded, length, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        return heads == 1 ? tokens : tokens.view(folded / heads, heads, length, width).transpose(1, 2).reshape(folded / heads, length, width * heads);
    }

    private sealed class Rehearsing : IDisposable
    {
        public void Dispose() => s_rehearseFused = false;
    }

    // What the fused kernels hold: inputs and output for backward, and one number for each row of scores (Dao et al. 2022).
    private sealed class FusedRehearsal : autograd.SingleTensorFunction<FusedRehearsal>
    {
        public override string Name => "attention";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (heads, query, key, value) = ((int)vars[0], (Tensor)vars[1], (Tensor)vars[2], (Tensor)vars[3]);
            var output = empty_like(query);
            var rows = empty([query.shape[0], heads, query.shape[1]], ScalarType.Float32, query.device);
            ctx.save_for_backward([query, key, value, output, rows]);
            return output;
        }

        public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var saved = ctx.get_saved_variables();
            return [null, empty_like(saved[0]), empty_like(saved[1]), empty_like(saved[2])];
        }
    }
}
