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
    private static readonly bool fused = TorchExtras.HasFusedAttention;

    [ThreadStatic]
    private static bool s_rehearseFused;

    [ThreadStatic]
    private static bool s_rehearseSliced;

    /// <summary>Splits the last dimension into heads, attends in each, and joins the heads again.</summary>
    /// <param name="query">(B, L, C).</param>
    /// <param name="key">(B, S, C).</param>
    /// <param name="value">(B, S, C).</param>
    /// <param name="heads">Number of heads; divides C.</param>
    /// <param name="mask">Added to the scores, (L, S) or (B·heads, L, S); null for none.</param>
    /// <param name="upcast">Scores and softmax in float32, where the rest has 16 bits.</param>
    /// <returns>(B, L, C).</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, int heads, Tensor? mask, bool upcast)
    {
        if (query.device.type == DeviceType.META)
        {
            if (s_rehearseFused)
                return FusedRehearsal.apply(heads, query, key, value);
        }
        else if (fused)
            return Fused(query, key, value, heads, mask is { ndim: 3 } each ? each.view(query.shape[0], heads, each.shape[1], each.shape[2]) : mask);

        upcast &= query.dtype is ScalarType.Float16 or ScalarType.BFloat16;
        // Scaling Q touches L·d numbers, scaling the scores would touch L·S.
        var scale = 1 / Math.Sqrt((double)query.shape[2] / heads);
        var q = FoldHeads(upcast ? query.to(ScalarType.Float32) * scale : query * scale, heads); // (B·h, L, d)
        var k = FoldHeads(upcast ? key.to(ScalarType.Float32) : key, heads); // (B·h, S, d)
        var v = FoldHeads(value, heads); // (B·h, S, d)

        var gradient = is_grad_enabled() && (q.requires_grad || k.requires_grad || v.requires_grad);
        var most = query.device.type == DeviceType.META && s_rehearseSliced ? AttentionMemory.SlicedScores : gradient ? AttentionMemory.MostScoresForGradient : AttentionMemory.MostScores;
        var attended = q.shape[0] * q.shape[1] * k.shape[1] <= most ? Plain(q, k, v, mask) : InPieces(q, k, v, mask, most, gradient);
        return UnfoldHeads(attended, heads); // (B, L, C)
    }

    /// <summary>Says until disposed which kind of attention tensors on <c>meta</c> stand for.</summary>
    /// <param name="asFused">One kernel that keeps no scores, whatever this machine's libtorch has.</param>
    /// <param name="sliced">Small pieces, as <see cref="AttentionMemory.Slice"/> makes them.</param>
    public static IDisposable Rehearse(bool asFused, bool sliced)
    {
        (s_rehearseFused, s_rehearseSliced) = (asFused, sliced);
        return new Rehearsing();
    }

    /// <summary>All scores at once; each tensor of them goes as soon as the next is there.</summary>
    /// <param name="q">(N, L, d), already scaled by 1/√d.</param>
    /// <param name="k">(N, S, d).</param>
    /// <param name="v">(N, S, d).</param>
    /// <param name="mask">(L, S) or (N, L, S); null for none.</param>
    /// <returns>(N, L, d).</returns>
    internal static Tensor Plain(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        var scores = bmm(q, k.transpose(1, 2)); // (N, L, S)
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

    /// <summary>At most so many scores at once: several whole heads, or some rows of one.</summary>
    internal static Tensor InPieces(Tensor q, Tensor k, Tensor v, Tensor? mask, long mostScores, bool gradient)
    {
        var (count, length) = (q.shape[0], q.shape[1]);
        var rows = Math.Clamp(mostScores / k.shape[1], 1, length);
        var together = Math.Clamp(mostScores / (length * k.shape[1]), 1, count); // heads at once
        var output = gradient ? null : empty([count, length, v.shape[2]], v.dtype, v.device);
        var heads = new List<Tensor>();
        for (var head = 0L; head < count; head += together)
        {
            var width = Math.Min(together, count - head);
            var (keys, values) = (k.narrow(0, head, width), v.narrow(0, head, width));
            var pieces = new List<Tensor>();
            for (var row = 0L; row < length; row += rows)
            {
                using var scope = NewDisposeScope();
                var high = Math.Min(rows, length - row);
                var queries = q.narrow(0, head, width).narrow(1, row, high);
                var masked = mask is { ndim: 3 } ? mask.narrow(0, head, width).narrow(1, row, high) : mask?.narrow(0, row, high);
                if (output is not null)
                    output.narrow(0, head, width).narrow(1, row, high).copy_(Plain(queries, keys, values, masked));
                else
                    pieces.Add(Again(queries, keys, values, masked).MoveToOuterDisposeScope());
            }

            if (output is null)
                heads.Add(pieces.Count == 1 ? pieces[0] : cat([.. pieces], 1));
        }

        return output ?? (heads.Count == 1 ? heads[0] : cat([.. heads], 0));
    }

    // Scores that backward makes again; the mask goes with the saved inputs.
    private static Tensor Again(Tensor q, Tensor k, Tensor v, Tensor? mask) => mask is null
        ? TorchExtras.Checkpoint(inputs => Plain(inputs[0], inputs[1], inputs[2], null), q, k, v)
        : TorchExtras.Checkpoint(inputs => Plain(inputs[0], inputs[1], inputs[2], inputs[3]), q, k, v, mask);

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
        public void Dispose() => (s_rehearseFused, s_rehearseSliced) = (false, false);
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
