using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>
/// The maths of rank: why two thin matrices can stand for a large one, how well, and for how many numbers.
/// </summary>
public static class LowRank
{
    // Above this many columns and rows, and where little of them is wanted, a random projection finds it faster.
    private const long Large = 512;

    /// <summary>How many numbers two matrices rows × rank and rank × columns hold; 6,000 for 1000 × 2000 at rank 2.</summary>
    /// <param name="rows">Rows of the large matrix.</param>
    /// <param name="columns">Columns of it.</param>
    /// <param name="rank">The thin side.</param>
    public static long Numbers(long rows, long columns, long rank) => checked((rows + columns) * rank);

    /// <summary>How many times fewer numbers than the matrix itself; 333 for 1000 × 2000 at rank 2.</summary>
    /// <inheritdoc cref="Numbers"/>
    public static double Saving(long rows, long columns, long rank) => (double)checked(rows * columns) / Numbers(rows, columns, rank);

    /// <summary>The singular values of a matrix, falling.</summary>
    /// <param name="matrix">(rows, columns); more dimensions are taken as columns.</param>
    public static double[] SingularValues(Tensor matrix)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return Array(linalg.svdvals(matrix.detach().cpu().to(ScalarType.Float64).flatten(1)));
    }

    /// <summary>The singular values of up · down, computed without ever forming the product.</summary>
    /// <param name="up">(rows, rank)</param>
    /// <param name="down">(rank, columns)</param>
    /// <returns>At most rank values, falling.</returns>
    public static double[] SingularValues(Tensor up, Tensor down)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return Array(linalg.svdvals(Core(up, down).Core));
    }

    /// <summary>The share of the energy (the sum of the squared singular values, ‖A‖²) that the first r of them keep, for r = 0, 1,
    /// ….</summary>
    /// <param name="singularValues">Falling.</param>
    /// <returns>One more than there are singular values, rising from 0 to 1; all 1 but the first for a matrix of zeros.</returns>
    public static double[] Energy(IReadOnlyList<double> singularValues)
    {
        ArgumentNullException.ThrowIfNull(singularValues);
        var total = singularValues.Sum(value => value * value);
        var kept = new double[singularValues.Count + 1];
        var sum = 0.0;
        for (var i = 0; i < singularValues.Count; i++)
        {
            sum += singularValues[i] * singularValues[i];
            kept[i + 1] = total > 0 ? Math.Min(1, sum / total) : 1;
        }

        return kept;
    }

    /// <summary>The smallest rank that keeps a share of the energy.</summary>
    /// <param name="singularValues">Falling.</param>
    /// <param name="share">0 to 1.</param>
    public static int RankFor(IReadOnlyList<double> singularValues, double share)
    {
        var rank = System.Array.FindIndex(Energy(singularValues), kept => kept >= share - 1e-12);
        return rank < 0 ? singularValues.Count : rank;
    }

    /// <summary>
    /// How far the nearest matrix of a rank is away in Frobenius' norm: √(σ²ᵣ₊₁ + σ²ᵣ₊₂ + …). No other matrix of that rank
    /// comes nearer (Eckart and Young 1936).
    /// </summary>
    /// <param name="singularValues">Falling.</param>
    /// <param name="rank">0 or more.</param>
    public static double BestError(IReadOnlyList<double> singularValues, int rank) =>
        Math.Sqrt(singularValues.Skip(rank).Sum(value => value * value));

    /// <summary>The two thin matrices whose product is the nearest of a rank: up = U√Σ, down = √ΣVᵀ.</summary>
    /// <param name="matrix">(rows, columns); more dimensions are taken as columns.</param>
    /// <param name="rank">From 1 to the smaller side.</param>
    /// <returns>(rows, rank) and (rank, columns), in the matrix's type.</returns>
    public static (Tensor Up, Tensor Down) Factors(Tensor matrix, int rank)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var flat = matrix.detach().flatten(1);
        var smaller = Math.Min(flat.shape[0], flat.shape[1]);
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, smaller);
        var (u, s, vh) = smaller > Large && rank * 4 < smaller ? Sketched(flat, rank)
            : linalg.svd(flat.to(ScalarType.Float64), fullMatrices: false);
        var root = s.narrow(0, 0, rank).sqrt();
        return ((u.narrow(1, 0, rank) * root).to(matrix.dtype).MoveToOuterDisposeScope(),
            (vh.narrow(0, 0, rank) * root.unsqueeze(1)).to(matrix.dtype).MoveToOuterDisposeScope());
    }

    /// <summary>The nearest product of a smaller rank to up · down, computed without ever forming the product.</summary>
    /// <param name="up">(rows, rank)</param>
    /// <param name="down">(rank, columns)</param>
    /// <param name="rank">The new rank, from 1 to the old one (and to the smaller side).</param>
    /// <returns>(rows, new rank) and (new rank, columns), in float32.</returns>
    public static (Tensor Up, Tensor Down) Reduce(Tensor up, Tensor down, int rank)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (left, core, right) = Core(up, down);
        var (u, s, vh) = linalg.svd(core, fullMatrices: false);
        rank = (int)Math.Min(rank, s.shape[0]);
        var root = s.narrow(0, 0, rank).sqrt();
        return (left.mm(u.narrow(1, 0, rank) * root).to(ScalarType.Float32).MoveToOuterDisposeScope(),
            (vh.narrow(0, 0, rank) * root.unsqueeze(1)).mm(right.transpose(0, 1)).to(ScalarType.Float32).MoveToOuterDisposeScope());
    }

    // up · down = Q₁ · (R₁ R₂ᵀ) · Q₂ᵀ, so the small matrix in the middle has the product's singular values.
    private static (Tensor Left, Tensor Core, Tensor Right) Core(Tensor up, Tensor down)
    {
        var (leftQ, leftR) = linalg.qr(up.detach().cpu().to(ScalarType.Float64).flatten(1));
        var (rightQ, rightR) = linalg.qr(down.detach().cpu().to(ScalarType.Float64).flatten(1).transpose(0, 1));
        return (leftQ, leftR.mm(rightR.transpose(0, 1)), rightQ);
    }

    // Randomized SVD with power iterations (Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1).
    private static (Tensor U, Tensor S, Tensor Vh) Sketched(Tensor matrix, int rank)
    {
        using var random = new Generator(0);
        var flat = matrix.to(ScalarType.Float32);
        var (q, _) = linalg.qr(flat.mm(randn([flat.shape[1], Math.Min(rank + 16, flat.shape[0])], generator: random).to(flat.device)));
        for (var i = 0; i < 4; i++)
        {
            (q, _) = linalg.qr(flat.transpose(0, 1).mm(q));
            (q, _) = linalg.qr(flat.mm(q));
        }

        var (u, s, vh) = linalg.svd(q.transpose(0, 1).mm(flat).to(ScalarType.Float64), fullMatrices: false);
        return (q.to(ScalarType.Float64).mm(u), s, vh);
    }

    private static double[] Array(Tensor values) => values.data<double>().ToArray();
}
