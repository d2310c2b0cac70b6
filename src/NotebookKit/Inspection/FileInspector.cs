using NotebookKit.Lora.Files;
using NotebookKit.Checkpoints;
using NotebookKit.Images;
using NotebookKit.Pipeline.Ldm;

namespace NotebookKit.Inspection;

/// <summary>Says what a file is and what to do about it: checkpoints, LoRAs, embeddings, pictures, and model folders.</summary>
public static class FileInspector
{
    /// <summary>Looks at a file or folder.</summary>
    /// <param name="path">A <c>.safetensors</c>, <c>.ckpt</c>, <c>.pt</c> or <c>.bin</c> file, a PNG, or a folder in the diffusers
    /// layout.</param>
    /// <param name="progress">Hears which part of the numbers has been looked at, 0 to 1.</param>
    /// <returns>The report.</returns>
    /// <exception cref="BadInputException">It is missing, damaged, or none of these.</exception>
    public static FileReport Inspect(string path, IProgress<double>? progress = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path) && AdapterFolder.Is(path))
            path = AdapterFolder.FileFor(path);
        if (Directory.Exists(path))
            return FolderInspection.Of(path, progress);
        Span<byte> head = stackalloc byte[8];
        int count;
        using (var stream = SafetensorsHeader.Open(path))
            count = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (head[..count].SequenceEqual(PngChunks.Signature))
            return PictureInspection.Of(path);
        using var file = WeightFile.Open(path);
        var kind = CheckpointKinds.Of(file);
        return kind switch
        {
            CheckpointKind.Lora => LoraInspection.Of(file, progress),
            CheckpointKind.TextualInversion => EmbeddingInspection.Of(file, progress),
            CheckpointKind.StableDiffusion1 or CheckpointKind.StableDiffusion2 => CheckpointInspection.Of(file, progress),
            _ => OtherWeightsInspection.Of(file, kind, progress),
        };
    }

    /// <summary>What every report on a weight file begins with.</summary>
    internal static FileReport Start(WeightFile file, string kind, IProgress<double>? progress, out NumberCensus census)
    {
        census = NumberCensus.Of(file, progress);
        return new FileReport
        {
            Path = file.Path,
            Kind = kind,
            Bytes = new FileInfo(file.Path).Length,
            DTypes = census.DTypes,
            Tensors = file.Weights.Count,
            NaN = census.NaN,
            Infinite = census.Infinite,
            Hashes = FileHashes.Of(file.Path, file is SafetensorsFile safetensors ? safetensors.Header.DataStart : null),
            Metadata = file.Metadata,
            Findings = [.. census.Findings(), .. Format(file)],
        };
    }

    private static IEnumerable<Finding> Format(WeightFile file)
    {
        if (file is TorchFile)
        {
            yield return new Finding(
                "It is a pickle, which runs code of its maker's choice in tools that load it without care; this one asks for nothing but "
                    + "weights.",
                "Pass it on as .safetensors, which can't; kit convert writes one of a whole model.");
        }
    }
}
