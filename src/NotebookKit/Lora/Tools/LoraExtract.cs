using NotebookKit.Lora.Files;
using NotebookKit.Pipeline;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Tools;

/// <summary>
/// Takes a LoRA out of two models: the nearest low-rank matrices to what fine-tuning changed in each layer (truncated SVD,
/// as kohya's extract_lora_from_models).
/// </summary>
/// <param name="File">The LoRA, alpha equal to the rank.</param>
/// <param name="Energy">The share of the change's energy ‖ΔW‖² that it keeps, over all its layers.</param>
/// <param name="LeftOut">The share of the energy of all changes, norms and biases included, that lies in no layer of the targets.</param>
/// <param name="Unchanged">Layers of the targets that fine-tuning did not touch; they are not in the file.</param>
public sealed record LoraExtract(LoraFile File, double Energy, double LeftOut, int Unchanged)
{
    /// <summary>Extracts what makes <paramref name="tuned"/> of <paramref name="original"/>.</summary>
    /// <param name="original">The base.</param>
    /// <param name="tuned">The same model after fine-tuning.</param>
    /// <param name="options">Rank (and that of convolutions) and layers; a layer smaller than the rank gets as much as it can have.</param>
    /// <param name="report">Told how many layers are done, of how many.</param>
    /// <param name="cancel">Stops between two layers.</param>
    /// <exception cref="BadInputException">The models have other shapes, or nothing differs.</exception>
    public static LoraExtract Of(StableDiffusion original, StableDiffusion tuned, LoraOptions options, Action<int, int>? report = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(tuned);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using var grad = no_grad();
        var after = LoraModules.Of(tuned.UNet, tuned.TextEncoder).ToDictionary(module => module.Name);
        var before = LoraModules.Of(original.UNet, original.TextEncoder).Where(module => options.Layers.Contain(module.Path)).ToList();
        var found = new List<AdapterWeights>();
        double kept = 0, all = 0;
        var (done, unchanged) = (0, 0);
        foreach (var module in before)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var other = after.GetValueOrDefault(module.Name)?.Weight;
            if (other is null || !other.shape.SequenceEqual(module.Weight.shape))
                throw new BadInputException($"The two models are of different shapes: {module.Path} is {LoraFile.Shape(module.Weight)} in "
                    + $"one and {(other is null ? "missing" : LoraFile.Shape(other))} in the other; give a base and what was fine-tuned "
                    + "from it.");
            var change = (other.cpu().to(ScalarType.Float32) - module.Weight.cpu().to(ScalarType.Float32)).flatten(1);
            report?.Invoke(++done, before.Count);
            var energy = SquaredLength(change);
            var rank = (int)Math.Min(options.For(module).Rank, Math.Min(change.shape[0], change.shape[1]));
            if (energy == 0 || rank == 0)
            {
                unchanged += energy == 0 ? 1 : 0;
                continue;
            }

            var (up, down) = LowRank.Factors(change, rank);
            all += energy;
            kept += energy - SquaredLength(change - up.mm(down));
            var shape = module.Weight.shape;
            found.Add(new LoraWeights(module.Name, down.reshape([rank, .. shape[1..]]).MoveToOuterDisposeScope(),
                (shape.Length == 4 ? up.reshape(-1, rank, 1, 1) : up).MoveToOuterDisposeScope(), rank));
        }

        if (found.Count == 0)
            throw new BadInputException($"Nothing differs between the two models in the layers of the targets '{options.Targets}'; give a "
                + "base and what was fine-tuned from it.");
        var total = Changes(original.UNet, tuned.UNet) + Changes(original.TextEncoder, tuned.TextEncoder);
        return new LoraExtract(new LoraFile(found, LoraNotes.Of(found, new Dictionary<string, string>(), Notes(original))), kept / all,
            Math.Max(0, 1 - (all / total)), unchanged);
    }

    private static Dictionary<string, string> Notes(StableDiffusion original) => new()
    {
        ["ss_sd_model_name"] = original.Name,
        ["ss_training_comment"] = "extracted by truncated SVD",
    };

    private static double SquaredLength(Tensor change) => change.to(ScalarType.Float64).square().sum().item<double>();

    private static double Changes(nn.Module original, nn.Module tuned)
    {
        using var scope = NewDisposeScope();
        var after = tuned.state_dict();
        return original.state_dict().Where(pair => pair.Value.is_floating_point())
            .Sum(pair => SquaredLength(after[pair.Key].cpu().to(ScalarType.Float32) - pair.Value.cpu().to(ScalarType.Float32)));
    }
}
