using NotebookKit.Lora.Files;

namespace NotebookKit.Lora;

/// <summary>How a layer's change is spread over directions.</summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="Rank">The rank it was given.</param>
/// <param name="SingularValues">Of ΔW at multiplier 1, falling; at most as many as the rank.</param>
public sealed record LoraSpectrum(string Module, int Rank, IReadOnlyList<double> SingularValues)
{
    /// <summary>‖ΔW‖² / σ₁²: how many directions of the strongest one's size the change amounts to; 0 where there is none.</summary>
    public double StableRank => SingularValues.Count > 0 && SingularValues[0] > 0
        ? SingularValues.Sum(value => value * value) / (SingularValues[0] * SingularValues[0]) : 0;

    /// <summary>The spectra of every plain LoRA layer of a file, computed from its thin matrices.</summary>
    /// <param name="file">The LoRA.</param>
    public static IReadOnlyList<LoraSpectrum> Of(LoraFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return
        [
            .. from lora in file.Modules.OfType<LoraWeights>()
               where lora.Mid is null
               select new LoraSpectrum(lora.Module, lora.Rank!.Value,
                   [.. LowRank.SingularValues(lora.Up, lora.Down).Select(value => value * Math.Abs(lora.Scale))]),
        ];
    }
}
