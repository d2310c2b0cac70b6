namespace NotebookKit.Lora.Files;

/// <summary>A folder that PEFT or diffusers saved an adapter into, which counts wherever a LoRA file does.</summary>
internal static class AdapterFolder
{
    private const string Config = "adapter_config.json";

    // PEFT's names, then those of diffusers' save_lora_weights.
    private static readonly string[] Files =
        ["adapter_model.safetensors", "adapter_model.bin", "pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin"];

    /// <summary>The weights in a folder; null where it is none of an adapter.</summary>
    /// <param name="path">The folder.</param>
    public static string? WeightsIn(string path) => Files.Select(file => Path.Combine(path, file)).FirstOrDefault(File.Exists);

    /// <summary>Whether a folder was meant to hold an adapter.</summary>
    /// <param name="path">The folder.</param>
    public static bool Is(string path) => WeightsIn(path) is not null || File.Exists(Path.Combine(path, Config));

    /// <summary>The file to read for what was named: of an adapter's folder its weights, else the path itself.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <exception cref="BadInputException">It is a folder without an adapter.</exception>
    public static string FileFor(string path) => !Directory.Exists(path) ? path
        : WeightsIn(path) ?? throw new BadInputException($"{path} is a folder without an adapter's weights ({string.Join(" or ", Files)}); "
            + "give a LoRA file, or the folder that PEFT saved.");

    /// <summary>The settings that PEFT keeps beside a file of that name; null for none.</summary>
    /// <param name="path">The file.</param>
    public static string? ConfigBeside(string path) =>
        Path.GetFileName(path).StartsWith("adapter_model", StringComparison.Ordinal)
            && Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Config) is var beside && File.Exists(beside) ? beside : null;
}
