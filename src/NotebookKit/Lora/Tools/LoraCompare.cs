using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Tools;

/// <summary>How far two LoRAs agree in one layer.</summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Norm">‖ΔW‖ of the first; null where it has none there.</param>
/// <param name="OtherNorm">‖ΔW‖ of the second.</param>
/// <param name="Cosine">Of the two changes as one long vector each: 1 for the same direction, 0 for unrelated ones.</param>
/// <param name="Difference">‖ΔW₁ − ΔW₂‖ / max(‖ΔW₁‖, ‖ΔW₂‖): 0 for equal ones.</param>
public sealed record LoraLayerComparison(string Module, double? Norm, double? OtherNorm, double? Cosine, double? Difference);

/// <summary>How far two LoRAs agree.</summary>
/// <param name="Layers">Layer by layer.</param>
/// <param name="Cosine">Over all layers.</param>
/// <param name="Difference">Over all layers, relative to the larger.</param>
public sealed record LoraCompare(IReadOnlyList<LoraLayerComparison> Layers, double Cosine, double Difference)
{
    /// <summary>Layers that only the first has.</summary>
    public IEnumerable<string> OnlyFirst => Layers.Where(layer => layer.OtherNorm is null).Select(layer => layer.Module);

    /// <summary>Layers that only the second has.</summary>
    public IEnumerable<string> OnlySecond => Layers.Where(layer => layer.Norm is null).Select(layer => layer.Module);

    /// <summary>Compares the changes that two files make, whatever their ranks, alphas and kinds (before DoRA; OFT is left out).</summary>
    /// <param name="first">One LoRA.</param>
    /// <param name="second">Another.</param>
    public static LoraCompare Of(LoraFile first, LoraFile second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        first.Require();
        second.Require();
        var one = first.Modules.ToDictionary(module => module.Module);
        var other = second.Modules.ToDictionary(module => module.Module);
        var layers = new List<LoraLayerComparison>();
        double dots = 0, ones = 0, others = 0, differences = 0;
        foreach (var name in one.Keys.Union(other.Keys).Order(StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            var a = one.GetValueOrDefault(name)?.Flat()?.to(ScalarType.Float64);
            var b = other.GetValueOrDefault(name)?.Flat()?.to(ScalarType.Float64);
            var (normA, normB) = (Square(a), Square(b));
            var dot = a is not null && b is not null && a.shape.SequenceEqual(b.shape) ? (a * b).sum().item<double>() : 0;
            // Summed from the difference itself: of two equal files it is 0, not the rounding of a² − 2ab + b².
            var apart = a is not null && b is not null && a.shape.SequenceEqual(b.shape) ? Square(a - b)!.Value
                : (normA ?? 0) + (normB ?? 0);
            (dots, ones, others, differences) = (dots + dot, ones + (normA ?? 0), others + (normB ?? 0), differences + apart);
            var larger = Math.Sqrt(Math.Max(normA ?? 0, normB ?? 0));
            layers.Add(new LoraLayerComparison(name, Root(normA), Root(normB),
                normA > 0 && normB > 0 ? dot / Math.Sqrt(normA.Value * normB.Value) : null,
                a is null || b is null ? null : larger > 0 ? Math.Sqrt(apart) / larger : 0));
        }

        var largest = Math.Sqrt(Math.Max(ones, others));
        return new LoraCompare(layers, ones > 0 && others > 0 ? dots / Math.Sqrt(ones * others) : 0,
            largest > 0 ? Math.Sqrt(differences) / largest : 0);
    }

    private static double? Square(Tensor? change) => change?.square().sum().item<double>();

    private static double? Root(double? square) => square is { } value ? Math.Sqrt(value) : null;
}
