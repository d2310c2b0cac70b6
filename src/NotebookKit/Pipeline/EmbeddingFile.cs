using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// A textual-inversion file: the vectors of one word. Read as the web UI writes it (<c>string_to_param</c> in a .pt file, of
/// which nothing is run), as kohya's tools do (<c>emb_params</c>), and as diffusers and this kit do (one tensor under the
/// word's own name).
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Token">The word that the file names; null where it names none, as the web UI's do.</param>
/// <param name="Vectors">(n, D) in float32.</param>
public sealed record EmbeddingFile(string Path, string? Token, Tensor Vectors)
{
    // What tools call the tensor where they do not call it by the word.
    private static readonly string[] Nameless = ["emb_params", "string_to_param.*", "*"];

    /// <summary>The word by which the web UI knows it: the file's name without its ending.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Reads a file.</summary>
    /// <param name="path">A .safetensors, .pt or .bin file.</param>
    /// <exception cref="BadInputException">It is missing, malformed, or holds something else than one word's vectors.</exception>
    public static EmbeddingFile Read(string path)
    {
        using var scope = NewDisposeScope();
        var tensors = WeightFile.Load(path);
        if (tensors.ContainsKey("clip_l") || tensors.ContainsKey("clip_g"))
            throw new BadInputException($"{path} is a word for SDXL, which has two text encoders; use one made for Stable Diffusion 1.x "
                + "or 2.x.");
        if (tensors.Count != 1 || tensors.First().Value is not { } value || value.dim() is not (1 or 2) || value.NumberOfElements == 0)
            throw new BadInputException($"{path} is no embedding of one word: it must hold one tensor (vectors, width), and holds "
                + $"{(tensors.Count == 1 ? $"one of {string.Join("×", tensors.First().Value.shape)}" : $"{tensors.Count} tensors")}.");
        var vectors = value.to(ScalarType.Float32).reshape(-1, value.shape[^1]);
        if (!vectors.isfinite().all().item<bool>())
            throw new BadInputException($"{path} holds numbers that are not finite (NaN or infinite); its training went wrong, get or "
                + "train it anew.");
        var name = tensors.First().Key;
        return new EmbeddingFile(path, Nameless.Contains(name) ? null : name, vectors.MoveToOuterDisposeScope());
    }
}
