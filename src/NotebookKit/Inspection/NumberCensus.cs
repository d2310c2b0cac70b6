using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Inspection;

/// <summary>Looks at every number of a file, one tensor at a time.</summary>
/// <param name="DTypes">How many numbers there are of each type.</param>
/// <param name="NaN">Numbers that are not a number.</param>
/// <param name="Infinite">Numbers that are infinite.</param>
/// <param name="BadTensors">The tensors that hold such numbers.</param>
internal sealed record NumberCensus(IReadOnlyDictionary<string, long> DTypes, long NaN, long Infinite, IReadOnlyList<string> BadTensors)
{
    /// <summary>Counts.</summary>
    public static NumberCensus Of(WeightFile file, IProgress<double>? progress)
    {
        var (types, bad) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new List<string>());
        long nan = 0, infinite = 0, done = 0;
        var total = Math.Max(1, file.Weights.Values.Sum(entry => entry.ByteCount));
        foreach (var entry in file.Weights.Values)
        {
            var type = SafetensorsTypes.NameOf(entry.DType);
            types[type] = types.GetValueOrDefault(type) + entry.ElementCount;
            if (entry.DType is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64
                && entry.ElementCount > 0)
            {
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                var tensor = file.Read(entry.Name);
                var (wrong, endless) = (tensor.isnan().sum().item<long>(), tensor.isinf().sum().item<long>());
                if (wrong + endless > 0)
                    bad.Add(entry.Name);
                nan += wrong;
                infinite += endless;
            }

            progress?.Report((done += entry.ByteCount) / (double)total);
        }

        return new NumberCensus(types, nan, infinite, bad);
    }

    /// <summary>The finding, where there is one.</summary>
    public IEnumerable<Finding> Findings()
    {
        if (NaN + Infinite > 0)
        {
            yield return new Finding(
                $"{NaN} numbers are not a number and {Infinite} are infinite, in {BadTensors.Count} tensors, the first of them "
                    + $"{BadTensors[0]}.",
                "Pictures from it will be black or noise; get the file again, or an earlier save of it.");
        }
    }
}
