using NotebookKit.Lora.Files;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Tools;

/// <summary>Makes one LoRA of several.</summary>
public static class LoraCombine
{
    private static readonly string[] BaseNotes =
        ["ss_new_sd_model_hash", "ss_sd_model_hash", "ss_sd_model_name", "ss_base_model_version"];

    /// <summary>
    /// The sum of LoRAs at their multipliers. Without a rank the matrices are set side by side, which is exact, and the
    /// ranks add up; with one, the nearest of that rank is taken.
    /// </summary>
    /// <param name="parts">The LoRAs, and how strongly each counts.</param>
    /// <param name="rank">The largest rank to have; null for as large as it gets.</param>
    /// <exception cref="BadInputException">There is none, their layers have other shapes, or one is of a kind that cannot be added
    /// up.</exception>
    public static LoraFile Of(IReadOnlyList<(LoraFile File, double Multiplier)> parts, int? rank = null)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0)
            throw new BadInputException("Give the LoRA files to combine.");
        if (rank is < 1)
            throw new BadInputException($"The rank must be at least 1, not {rank}.");
        foreach (var (file, _) in parts)
            file.Require();
        CompareBases(parts);
        using var grad = no_grad();
        var modules = new List<AdapterWeights>();
        foreach (var group in parts.SelectMany(part => part.File.Modules.Select(module => (module, part.Multiplier, part.File.Path)))
            .GroupBy(part => part.module.Module).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            var loras = group.Select(part => (Lora: part.module as LoraWeights, part.Multiplier, part.Path)).ToList();
            if (loras.FirstOrDefault(part => part.Lora is not { Mid: null, Dora: null, Bias: null }) is { Path: not null } other)
                throw new BadInputException($"{other.Path} has {group.Key} as {group.First(part => part.Path == other.Path).module.Kind}, "
                    + "which cannot be added to others; only plain LoRA can.");
            var first = loras[0].Lora!;
            if (loras.FirstOrDefault(part => !Fits(part.Lora!, first)) is { Path: not null } unlike)
                throw new BadInputException(
                    $"{unlike.Path} has {group.Key} in another shape than {loras[0].Path}; combine LoRAs of one base.");
            var dim = first.Down.dim();
            var down = cat([.. loras.Select(part => Like(part.Lora!.Down, dim))], 0);
            var up = cat([.. loras.Select(part => Like(part.Lora!.Up, dim) * (part.Lora.Scale * part.Multiplier))], 1);
            var whole = new LoraWeights(group.Key, down, up, down.shape[0]);
            whole = rank is { } most && most < whole.Rank ? LoraResize.Reduced(whole, most) : whole;
            modules.Add(whole with { Down = whole.Down.MoveToOuterDisposeScope(), Up = whole.Up.MoveToOuterDisposeScope() });
        }

        var names = string.Join(", ",
            parts.Select(part => FormattableString.Invariant($"{Path.GetFileNameWithoutExtension(part.File.Path)}:{part.Multiplier}")));
        // Only what all of them say of their base.
        var shared = parts[0].File.Metadata.Where(note => BaseNotes.Contains(note.Key)
            && parts.All(part => part.File.Metadata.GetValueOrDefault(note.Key) == note.Value)).ToDictionary();
        return new LoraFile(modules,
            LoraNotes.Of(modules, shared, new Dictionary<string, string> { ["ss_training_comment"] = $"combined: {names}" }))
        {
            Embeddings = Words(parts),
            Problems = [.. OtherBases(parts)],
        };
    }

    // The words of all, each once.
    private static Dictionary<string, Tensor> Words(IReadOnlyList<(LoraFile File, double Multiplier)> parts)
    {
        var words = new Dictionary<string, Tensor>();
        foreach (var (file, _) in parts)
        {
            foreach (var (word, vectors) in file.Embeddings)
            {
                if (words.TryGetValue(word, out var known) && !known.Equals(vectors))
                    throw new BadInputException($"{file.Path} brings the word {word}, which another of the files has with other vectors; "
                        + "combine only one of the two, or rename one's word.");
                words[word] = vectors;
            }
        }

        return words;
    }

    private static void CompareBases(IReadOnlyList<(LoraFile File, double Multiplier)> parts)
    {
        var families = parts.Where(part => part.File.Family != LoraFamily.Unknown).GroupBy(part => part.File.Family).ToList();
        if (families.Count > 1)
            throw new BadInputException($"{families[0].First().File.Path} is for {InWords(families[0].Key)} and "
                + $"{families[1].First().File.Path} for {InWords(families[1].Key)}; combine LoRAs of one base.");
    }

    // Bases of one family: related ones work together, so it is only told.
    private static IEnumerable<LoraProblem> OtherBases(IReadOnlyList<(LoraFile File, double Multiplier)> parts)
    {
        var bases = parts.Select(part => (part.File, Base: BaseNotes.Select(part.File.Metadata.GetValueOrDefault)
            .FirstOrDefault(note => note is { Length: > 0 } and not "None"))).Where(part => part.Base is not null).ToList();
        if (bases.Select(part => part.Base).Distinct().Count() > 1)
            yield return new LoraProblem("files that were trained on different bases, which goes well only where those are related",
                [.. bases.Select(part => $"{Path.GetFileName(part.File.Path)} on {part.Base![..Math.Min(part.Base!.Length, 40)]}")])
            { Cause = LoraCause.OtherBase };
    }

    private static string InWords(LoraFamily family) => family switch
    {
        LoraFamily.Sd1 => "Stable Diffusion 1.x",
        LoraFamily.Sd2 => "Stable Diffusion 2.x",
        _ => "SDXL",
    };

    private static bool Fits(LoraWeights one, LoraWeights other) =>
        one.Down.shape[1..].Where(size => size > 1).SequenceEqual(other.Down.shape[1..].Where(size => size > 1))
            && one.Up.shape[0] == other.Up.shape[0];

    // A 1×1 convolution's adapter comes with and without its kernel.
    private static Tensor Like(Tensor tensor, long dim) =>
        tensor.dim() == dim ? tensor : dim == 2 ? tensor.flatten(1) : tensor.reshape([.. tensor.shape, 1, 1]);
}
