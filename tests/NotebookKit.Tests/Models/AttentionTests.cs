using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Models;

public sealed class AttentionTests : IDisposable
{
    private const int Batch = 2, Heads = 3, Queries = 11, Keys = 13, Width = 8;

    private readonly IDisposable _scope = NewDisposeScope();
    private readonly Generator _random = new(7);

    public void Dispose()
    {
        _scope.Dispose();
        _random.Dispose();
    }

    public static TheoryData<long[]?> Masks() => new(null, new long[] { Queries, Keys }, new long[] { Batch * Heads, Queries, Keys });

    [Theory]
    [MemberData(nameof(Masks))]
    public void It_is_the_papers_formula_in_each_head(long[]? maskShape)
    {
        var (q, k, v) = (Numbers(Batch, Queries, Heads * Width), Numbers(Batch, Keys, Heads * Width), Numbers(Batch, Keys, Heads * Width));
        var mask = maskShape is null ? null : Numbers(maskShape);
        Rounding.Same(ByFormula(q, k, v, mask), ScaledDotProduct.Attend(q, k, v, Heads, mask), Width + Keys);
    }

    [Theory]
    [MemberData(nameof(Masks))]
    public void So_are_its_gradients(long[]? maskShape)
    {
        Tensor[] inputs = [Numbers(Batch, Queries, Heads * Width), Numbers(Batch, Keys, Heads * Width),
            Numbers(Batch, Keys, Heads * Width)];
        var mask = maskShape is null ? null : Numbers(maskShape);
        var weights = Numbers(Batch, Queries, Heads * Width);
        var expected = Gradients(x => ByFormula(x[0], x[1], x[2], mask));
        var found = Gradients(x => ScaledDotProduct.Attend(x[0], x[1], x[2], Heads, mask));
        // Back through values, softmax and scores: the sums over d and over the keys come twice, then one over the queries.
        Assert.All(expected.Zip(found), pair => Rounding.Same(pair.First, pair.Second, (2 * (Width + Keys)) + Queries));

        Tensor[] Gradients(Func<Tensor[], Tensor> attend)
        {
            Tensor[] leaves = [.. inputs.Select(input => input.detach().requires_grad_())];
            (attend(leaves) * weights).sum().backward();
            return [.. leaves.Select(leaf => leaf.grad!)];
        }
    }

    [Fact]
    public void What_a_mask_forbids_does_not_count()
    {
        var (q, k, v) = (Numbers(1, 5, 8), Numbers(1, 5, 8), Numbers(1, 5, 8));
        var causal = full(new long[] { 5, 5 }, float.NegativeInfinity).triu(1);
        var attended = ScaledDotProduct.Attend(q, k, v, 2, causal);
        Rounding.Same(v[0, 0], attended[0, 0], 1);
        using (no_grad())
            v[0, 4].fill_(100);
        Assert.True(ScaledDotProduct.Attend(q, k, v, 2, causal)[0, ..4].Equals(attended[0, ..4]));
    }

    // softmax(QKᵀ/√d + mask)·V in float64, one head after the other.
    private static Tensor ByFormula(Tensor query, Tensor key, Tensor value, Tensor? mask)
    {
        var pictures = new List<Tensor>();
        for (var b = 0; b < Batch; b++)
        {
            var heads = new List<Tensor>();
            for (var h = 0; h < Heads; h++)
            {
                var (q, k, v) = (Part(query), Part(key), Part(value));
                var scores = q.mm(k.t()) / Math.Sqrt(Width);                          // (L, S)
                if (mask is not null)
                    scores += (mask.dim() == 3 ? mask[(b * Heads) + h] : mask).to(ScalarType.Float64);
                heads.Add(scores.softmax(-1).mm(v));                                  // (L, d)

                Tensor Part(Tensor x) => x[b].narrow(1, h * Width, Width).to(ScalarType.Float64);
            }

            pictures.Add(cat(heads, 1));
        }

        return stack(pictures);
    }

    private Tensor Numbers(params long[] shape) => randn(shape, generator: _random);
}
