using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Pipeline.Ldm;
using NotebookKit.Tensors;
using static TorchSharp.torch.nn;

namespace NotebookKit.Inspection;

/// <summary>Which tensors the networks that a checkpoint describes need and do not get.</summary>
internal static class ModuleShapes
{
    /// <summary>Their names in diffusers' spelling; empty where everything is there.</summary>
    public static IReadOnlyList<string> Missing(LdmCheckpoint checkpoint) =>
    [
        .. Missing("unet", () => new UNet2DConditionModel(checkpoint.UNetConfig), checkpoint.UNet),
        .. Missing("vae", () => new AutoencoderKL(checkpoint.VaeConfig), checkpoint.Vae),
        .. Missing("text_encoder", () => new CLIPTextModel(checkpoint.TextConfig), checkpoint.TextEncoder),
    ];

    private static IEnumerable<string> Missing(string part, Func<Module> make, WeightFile weights)
    {
        if (weights.Weights.Count == 0)
            return [];
        // Memory that is never touched costs nothing.
        using var skip = Layers.Uninitialised();
        using var module = make();
        return [.. module.state_dict().Keys.Where(name => !weights.Weights.ContainsKey(name)).Select(name => $"{part}: {name}")];
    }
}
