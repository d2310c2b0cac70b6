using System.Text.Json.Serialization;
using NotebookKit.Checkpoints;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Files;

/// <summary>
/// A LoRA as a file: read in kohya's, LyCORIS', PEFT's, both diffusers' and cloneofsimo's spellings, written in kohya's
/// (which the web UI, ComfyUI and diffusers all read), PEFT's or diffusers'.
/// </summary>
/// <param name="Modules">One entry for each adapted layer, in float32.</param>
/// <param name="Metadata">The file's own notes: ss_network_dim, ss_network_alpha and the like.</param>
public sealed record LoraFile(IReadOnlyList<AdapterWeights> Modules, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>What in the file does not work; <see cref="Modules"/> is what does.</summary>
    public IReadOnlyList<LoraProblem> Problems { get; init; } = [];

    /// <summary>Textual-inversion embeddings that came along, by their words: (vectors, width).</summary>
    public IReadOnlyDictionary<string, Tensor> Embeddings { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>Pairs without names, in the order of a base's layers, as cloneofsimo's files have them; empty for others.</summary>
    public IReadOnlyList<UnnamedPairs> Unnamed { get; init; } = [];

    /// <summary>The file it was read from; empty for one made in memory.</summary>
    public string Path { get; init; } = "";

    /// <summary>Which family of models it was made for, as far as the file tells.</summary>
    public LoraFamily Family { get; init; } = LoraFamily.Unknown;

    /// <summary>Whether nothing of it works.</summary>
    internal bool IsEmpty => Modules.Count == 0 && Unnamed.Count == 0;

    /// <summary>Why nothing of it works, in one sentence.</summary>
    internal string Emptiness
    {
        get
        {
            var causes = Problems.Select(problem => problem.Cause).Distinct().ToList();
            var advice = causes is [LoraCause.NotFinite]
                ? "Training overflowed: train again at a lower learning rate, or take an earlier checkpoint."
                : causes is [LoraCause.UnreadKind] ? "Use a LoRA, DoRA, LoHa, LoKr, (IA)³, GLoRA, OFT, VeRA or full difference."
                : "Get the file anew.";
            return $"{(Path.Length > 0 ? Path : "The LoRA")} has no layer that works: it has {string.Join("; ", Problems)}. {advice}";
        }
    }

    /// <summary>Refuses a file that nothing can be made of.</summary>
    /// <exception cref="BadInputException">None of its layers works, or they have no names yet.</exception>
    internal void Require()
    {
        if (IsEmpty && Embeddings.Count == 0)
            throw new BadInputException(Emptiness);
        if (Modules.Count == 0 && Unnamed.Count > 0)
            throw new BadInputException($"{Path} has no layer names (cloneofsimo's format); write it with them first: kit lora convert "
                + "FILE --base DIR.");
    }

    /// <summary>Reads a LoRA file; half-precision weights are widened to float32.</summary>
    /// <param name="path">A .safetensors file.</param>
    /// <param name="strict">Refuse a file that has any <see cref="Problems"/>.</param>
    /// <exception cref="BadInputException">The file is missing, malformed, or holds no LoRA; or <paramref name="strict"/> found a
    /// problem.</exception>
    public static LoraFile Read(string path, bool strict = false)
    {
        var file = LoraReader.Read(path);
        if (strict && file.Problems.Count > 0)
            throw new BadInputException($"{path} has {string.Join("; ", file.Problems)}. Get the file anew, or leave --strict out to use "
                + "what works.");
        return file;
    }

    /// <summary>
    /// Writes the file with its names sorted, then reads it back and compares every tensor with what was meant, so
    /// that a file which says it was saved can be loaded.
    /// </summary>
    /// <param name="path">Where to; the folder is made when it is missing.</param>
    /// <param name="dtype">Float16 or BFloat16 (half the size) or Float32 (exact).</param>
    /// <param name="format">Whose names; kohya's when not given.</param>
    /// <exception cref="BadInputException">The format has no place for what the file holds.</exception>
    /// <exception cref="IOException">The disk is full or not writable, or does not give back what was written.</exception>
    public void Write(string path, ScalarType dtype, LoraFormat format = LoraFormat.Kohya)
    {
        Require();
        if (Modules.FirstOrDefault(module => !module.IsFinite()) is { } broken)
            throw new BadInputException($"{broken.Module} has numbers that are not finite (NaN or infinite), so {path} is not written; "
                + "train at a lower learning rate, or take an earlier checkpoint.");
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var tensors = LoraWriter.TensorsOf(this, dtype, format);
        Safetensors.Save(path, tensors, Metadata);

        var saved = Safetensors.Load(path);
        foreach (var (name, tensor) in tensors)
        {
            if (!saved.TryGetValue(name, out var back) || !back.shape.SequenceEqual(tensor.shape)
                || !back.Equals(tensor))
                throw new IOException($"{path} was written but gives back another {name}; the disk may be failing.");
        }
    }

    internal static string Shape(Tensor tensor) => "(" + string.Join(", ", tensor.shape) + ")";
}

/// <summary>Whose names a LoRA file uses.</summary>
public enum LoraFormat
{
    /// <summary><c>lora_unet_….lora_down.weight</c> and <c>.alpha</c>: sd-scripts, the web UI, ComfyUI.</summary>
    Kohya,

    /// <summary><c>unet.….lora_A.weight</c>: PEFT, and diffusers since 0.22. It has no alpha: the scale is multiplied in.</summary>
    Peft,

    /// <summary><c>unet.….lora.down.weight</c>: diffusers 0.21 and 0.22. It has no alpha: the scale is multiplied in.</summary>
    Diffusers,
}

/// <summary>Which family of models a LoRA was made for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LoraFamily>))]
public enum LoraFamily
{
    /// <summary>The file does not tell.</summary>
    Unknown,

    /// <summary>Stable Diffusion 1.x: text states of 768 numbers.</summary>
    Sd1,

    /// <summary>Stable Diffusion 2.x: text states of 1024 numbers.</summary>
    Sd2,

    /// <summary>Stable Diffusion XL: two text encoders, text states of 2048 numbers.</summary>
    Sdxl,
}
