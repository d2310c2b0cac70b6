using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Tools;

/// <summary>How much of each layer a resized LoRA keeps: exactly one of the four is set, the rank may bound any of the others.</summary>
public sealed record ResizeTarget
{
    /// <summary>At most so many directions.</summary>
    public int? Rank { get; init; }

    /// <summary>As few directions as keep this share of the energy Σσ².</summary>
    public double? Energy { get; init; }

    /// <summary>As few as keep this share of Frobenius' norm √Σσ² (kohya's <c>sv_fro</c>).</summary>
    public double? Frobenius { get; init; }

    /// <summary>As few as keep this share of the sum Σσ (kohya's <c>sv_cumulative</c>).</summary>
    public double? Cumulative { get; init; }

    /// <summary>The rank for a layer's singular values.</summary>
    /// <param name="singularValues">Falling.</param>
    public int For(IReadOnlyList<double> singularValues)
    {
        var rank = singularValues.Count;
        if (Energy is { } energy)
            rank = LowRank.RankFor(singularValues, energy);
        if (Frobenius is { } share)
            rank = LowRank.RankFor(singularValues, share * share);
        if (Cumulative is { } cumulative)
            rank = LowRank.RankFor([.. singularValues.Select(Math.Sqrt)], cumulative);
        return Math.Max(1, Math.Min(rank, Rank ?? int.MaxValue));
    }

    internal void Validate()
    {
        var shares = new[] { Energy, Frobenius, Cumulative }.Where(share => share is not null).ToList();
        if (shares.Count > 1 || (shares.Count == 0 && Rank is null))
            throw new BadInputException("Say how much to keep in one way: a rank, or a share of the energy, of Frobenius' norm, or of the "
                + "singular values' sum.");
        if (shares.Any(share => !(share > 0 && share <= 1)))
            throw new BadInputException(
                FormattableString.Invariant($"The share to keep must be above 0 and at most 1, not {shares[0]}; 0.95 is usual."));
        if (Rank is < 1)
            throw new BadInputException($"The new rank must be at least 1, not {Rank}.");
    }
}

/// <summary>A LoRA with fewer directions in each layer: the nearest there is (Eckart–Young).</summary>
/// <param name="File">The resized LoRA.</param>
/// <param name="Energy">The share of the energy that is left, over all layers that could be resized; null where none could.</param>
/// <param name="Kept">Layers that stayed as they were: small enough already, or of a kind that cannot be resized.</param>
/// <param name="Ranks">The new rank of each layer.</param>
public sealed record LoraResize(LoraFile File, double? Energy, int Kept, IReadOnlyDictionary<string, int> Ranks)
{
    /// <summary>Resizes a LoRA. A layer whose rank is not above the new one stays as it is, bit for bit.</summary>
    /// <param name="file">The LoRA.</param>
    /// <param name="target">How much to keep.</param>
    /// <exception cref="BadInputException">The target is not one.</exception>
    public static LoraResize Of(LoraFile file, ResizeTarget target)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(target);
        target.Validate();
        file.Require();
        var modules = new List<AdapterWeights>();
        var ranks = new Dictionary<string, int>();
        double kept = 0, all = 0;
        var same = 0;
        foreach (var module in file.Modules)
        {
            if (module is not LoraWeights { Mid: null, Dora: null } lora)
            {
                modules.Add(module);
                same++;
                continue;
            }

            var values = LowRank.SingularValues(lora.Up, lora.Down);
            var rank = Math.Min(target.For(values), lora.Rank!.Value);
            all += values.Sum(value => value * value) * lora.Scale * lora.Scale;
            kept += values.Take(rank).Sum(value => value * value) * lora.Scale * lora.Scale;
            ranks[module.Module] = rank;
            same += rank == lora.Rank ? 1 : 0;
            modules.Add(rank == lora.Rank ? lora : Reduced(lora, rank));
        }

        return new LoraResize(file with { Modules = modules, Metadata = LoraNotes.Of(modules, file.Metadata, null) },
            ranks.Count == 0 ? null : all > 0 ? kept / all : 1, same, ranks);
    }

    /// <summary>The nearest LoRA of a smaller rank; the scale is in the matrices, alpha is the rank.</summary>
    internal static LoraWeights Reduced(LoraWeights lora, int rank)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (up, down) = LowRank.Reduce(lora.Up * lora.Scale, lora.Down, rank);
        rank = (int)down.shape[0];
        return lora with
        {
            Down = down.reshape([rank, .. lora.Down.shape[1..]]).MoveToOuterDisposeScope(),
            Up = up.reshape([lora.Up.shape[0], rank, .. lora.Up.shape[2..]]).MoveToOuterDisposeScope(),
            Alpha = rank,
        };
    }
}
