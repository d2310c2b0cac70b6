using System.Security.Cryptography;

namespace NotebookKit.Pipeline;

/// <summary>The short hash by which the web UI names a model: the first ten digits of the SHA-256 of its weights' file.</summary>
internal static class ModelHash
{
    /// <summary>The hash of a checkpoint file, or of a diffusers folder's UNet; null where there is no such file.</summary>
    public static string? Of(string path)
    {
        var unet = Path.Combine(path, "unet");
        var file = File.Exists(path) ? path
            : Directory.Exists(unet)
            ? Directory.GetFiles(unet, "diffusion_pytorch_model*.safetensors").Order(StringComparer.Ordinal).FirstOrDefault()
            : null;
        if (file is null)
            return null;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        return Convert.ToHexStringLower(SHA256.HashData(stream))[..10];
    }
}
