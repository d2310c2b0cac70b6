
namespace NotebookKit.Checkpoints;

/// <summary>
/// Finds a network's weights in its folder of the diffusers layout: whole or in shards, in a variant such as
/// <c>fp16</c>, as safetensors or, where there is nothing else, as a PyTorch file.
/// </summary>
internal static class WeightFolder
{
    /// <summary>diffusers' name for the weights of a UNet or VAE.</summary>
    public const string DiffusersName = "diffusion_pytorch_model.safetensors";

    /// <summary>transformers' name for the weights of a text encoder.</summary>
    public const string TransformersName = "model.safetensors";

    private const string Half = "fp16", Ending = ".safetensors";

    /// <summary>Opens the weights.</summary>
    /// <param name="folder">Such as <c>unet/</c>.</param>
    /// <param name="fileName">The usual name, such as <c>diffusion_pytorch_model.safetensors</c>.</param>
    /// <param name="variant">Which of several sets; the plain one when null, or fp16 where that is all there is.</param>
    /// <exception cref="BadInputException">There are none, or they are malformed.</exception>
    public static WeightFile Open(string folder, string fileName, string? variant)
    {
        if (Find(folder, fileName, variant) is not { } path)
            throw new BadInputException($"{folder} has no {(variant is null ? fileName : Names(fileName, variant).First())}; download "
                + "that file of the model into it.");
        return path.EndsWith(".json", StringComparison.Ordinal) ? ShardedWeights.Open(path) : WeightFile.Open(path);
    }

    /// <summary>The file that <see cref="Open"/> takes, which may be the index of shards; null where there is none.</summary>
    public static string? Find(string folder, string fileName, string? variant) =>
        (variant is null ? Names(fileName, "").Concat(Names(fileName, Half)) : Names(fileName, variant))
            .Select(name => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>The names that weights of a variant may have, best first.</summary>
    public static IEnumerable<string> Names(string fileName, string variant)
    {
        var stem = fileName[..^Ending.Length];
        var dotted = variant.Length == 0 ? "" : "." + variant;
        // transformers calls its PyTorch file after the library.
        var pickled = stem == "model" ? "pytorch_model" : stem;
        return
        [
            $"{stem}{dotted}{Ending}", $"{stem}{Ending}.index{dotted}.json", $"{stem}{dotted}{Ending}.index.json",
            $"{pickled}{dotted}.bin", $"{pickled}.bin.index{dotted}.json", $"{pickled}{dotted}.bin.index.json",
        ];
    }
}
