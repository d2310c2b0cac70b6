using NotebookKit.Lora;
using TorchSharp;
using static TorchSharp.torch;

namespace NotebookKit.Tests.Lora;

public sealed class LowRankTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    [Fact]
    public void A_thousand_by_two_thousand_at_rank_2_is_6000_numbers_333_times_fewer()
    {
        Assert.Equal(6000, LowRank.Numbers(1000, 2000, 2));
        Assert.Equal(333, Math.Floor(LowRank.Saving(1000, 2000, 2)));
    }

    [Fact]
    public void No_matrix_of_a_rank_comes_nearer_than_the_truncated_SVD()
    {
        var random = new Generator(1);
        var matrix = randn([30, 40], generator: random);
        var values = LowRank.SingularValues(matrix);
        var rounding = Rounding.Of(30 + 40, matrix.norm().item<float>());
        for (var rank = 1; rank <= 30; rank += 7)
        {
            var (up, down) = LowRank.Factors(matrix, rank);
            var error = (matrix - up.mm(down)).norm().item<float>();
            Assert.Equal(LowRank.BestError(values, rank), error, rounding);
            for (var attempt = 0; attempt < 5; attempt++) // any other of the rank, even with the best partner
            {
                var (q, _) = linalg.qr(up + (randn(up.shape, generator: random) * 0.1));
                Assert.True((matrix - q.mm(q.transpose(0, 1).mm(matrix))).norm().item<float>() >= error - rounding);
            }
        }
    }

    [Fact]
    public void A_large_matrix_of_low_rank_is_found_again_by_the_sketch()
    {
        var random = new Generator(2);
        var (left, right) = (randn([700, 8], generator: random), randn([8, 900], generator: random));
        var (up, down) = LowRank.Factors(left.mm(right), 8);
        Assert.InRange((up.mm(down) - left.mm(right)).norm().item<float>(), 0, Rounding.Of(700 + 900, left.mm(right).norm().item<float>()));
    }

    [Fact]
    public void Spectra_of_thin_factors_are_those_of_their_product()
    {
        var random = new Generator(3);
        var (up, down) = (randn([50, 6], generator: random), randn([6, 20, 3, 3], generator: random));
        var values = LowRank.SingularValues(up.mm(down.flatten(1)));
        var rounding = Rounding.Of(50 + 180 + 6, values[0]);
        Assert.All(LowRank.SingularValues(up, down).Zip(values), pair => Assert.Equal(pair.Second, pair.First, rounding));
        var (less, least) = LowRank.Reduce(up, down, 2);
        var (best, other) = LowRank.Factors(up.mm(down.flatten(1)), 2);
        Assert.True((less.mm(least) - best.mm(other)).norm()
            .item<float>() < rounding * values[1] / (values[1]
                - values[2])); // the nearer the next value, the less the directions are fixed
    }

    [Fact]
    public void Energy_and_rank_go_together()
    {
        double[] values = [3, 2, 1, 0];
        Assert.Equal([0, 9 / 14.0, 13 / 14.0, 1, 1], LowRank.Energy(values));
        Assert.Equal((1, 2, 3), (LowRank.RankFor(values, 0.6), LowRank.RankFor(values, 0.9), LowRank.RankFor(values, 1)));
        Assert.Equal(Math.Sqrt(5), LowRank.BestError(values, 1));
        Assert.All(LowRank.Energy([0, 0])[1..], kept => Assert.Equal(1, kept));
    }

    public void Dispose() => _scope.Dispose();
}
