using NotebookKit.Training.Settings;
using System.Globalization;
using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Pipeline.Ldm;

namespace NotebookKit.Training;

/// <summary>The shapes of a base's weights, which decide what a run can be asked for; no weight is loaded for them.</summary>
/// <param name="UNet">Shapes by name.</param>
/// <param name="Text">Shapes by name.</param>
/// <param name="TotalNumbers">How many numbers the whole model has, the VAE included.</param>
internal sealed record BaseShape(IReadOnlyDictionary<string, IReadOnlyList<long>> UNet,
    IReadOnlyDictionary<string, IReadOnlyList<long>> Text, long TotalNumbers)
{
    /// <summary>
    /// The shapes in the files of a folder, a single file, or a model on the hub that was downloaded before; null where
    /// there is no such thing, which loading will explain or download.
    /// </summary>
    /// <exception cref="BadInputException">The file is no base model.</exception>
    public static BaseShape? OfSource(string source) => ModelSource.Local(source) switch
    {
        { } file when File.Exists(file) => OfFile(file),
        { } folder => OfFolder(folder),
        null => null,
    };

    private static BaseShape OfFile(string path)
    {
        using var checkpoint = LdmCheckpoint.Open(path);
        var (unet, text, vae) = (Shapes(checkpoint.UNet), Shapes(checkpoint.TextEncoder), Shapes(checkpoint.Vae));
        return new BaseShape(unet, text, Numbers(unet) + Numbers(text) + Numbers(vae));

        static Dictionary<string, IReadOnlyList<long>> Shapes(WeightFile part) =>
            part.Weights.ToDictionary(pair => pair.Key, pair => pair.Value.Shape);
    }

    private static BaseShape? OfFolder(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "model_index.json")))
            return null;
        var (unet, text, vae) = (Read("unet"), Read("text_encoder"), Read("vae"));
        return unet.Count == 0 ? null : new BaseShape(unet, text, Numbers(unet) + Numbers(text) + Numbers(vae));

        Dictionary<string, IReadOnlyList<long>> Read(string part) => !Directory.Exists(Path.Combine(folder, part)) ? [] : Directory
            .EnumerateFiles(Path.Combine(folder, part), "*.safetensors")
            .SelectMany(file => SafetensorsHeader.Read(file).Tensors.Values)
            .GroupBy(entry => entry.Name)
            .ToDictionary(same => same.Key, same => same.First().Shape);
    }

    /// <summary>The shapes of a loaded model.</summary>
    public static BaseShape Of(StableDiffusion sd)
    {
        return new BaseShape(Read(sd.UNet), Read(sd.TextEncoder), new[] { Read(sd.UNet), Read(sd.TextEncoder), Read(sd.Vae) }.Sum(Numbers));

        static Dictionary<string, IReadOnlyList<long>> Read(TorchSharp.torch.nn.Module module) =>
            module.named_parameters().ToDictionary(named => named.name, named => (IReadOnlyList<long>)named.parameter.shape);
    }

    /// <summary>Refuses a rank that no layer has room for, and a disk that has no room for what the run writes.</summary>
    /// <param name="options">The run's options.</param>
    /// <returns>What will surprise, a sentence each.</returns>
    /// <exception cref="BadInputException">The rank is above every adapted layer's width, or the disk is too full.</exception>
    public IReadOnlyList<string> Check(TrainOptions options)
    {
        var warnings = new List<string>();
        if (options.Lora.Weights is null && options.WritesLora && Widths(options).ToList() is { Count: > 0 } widths)
        {
            if (options.Lora.Rank > widths.Max())
                throw new BadSettingException($"--rank {options.Lora.Rank} is above the width of every layer that it would adapt; the "
                    + $"largest that has any use here is {widths.Max()}, so set --rank {widths.Max()} or less.");
            var narrow = widths.Where(width => width < options.Lora.Rank).ToList();
            if (narrow.Count > 0)
                warnings.Add($"Rank {options.Lora.Rank} is above the width of {narrow.Count} of {widths.Count} adapted layers, where only "
                    + $"{string.Join(", ", narrow.Distinct().Order())} will be used.");
        }

        DiskSpace(options);
        return warnings;
    }

    // How many directions a layer's change can have: the smaller of its two sides.
    private IEnumerable<int> Widths(TrainOptions options) => Adapted(options).Select(layer => (int)Math.Min(layer.Out, layer.In));

    private IEnumerable<(long Out, long In)> Adapted(TrainOptions options)
    {
        var targets = options.Lora.Targets ?? options.DefaultTargets;
        var layers = UNet.Select(weights => ("unet." + weights.Key, weights.Value));
        return
            from weights in options.TextRatio > 0 ? layers.Concat(Text.Select(weights => ("text_encoder." + weights.Key, weights.Value)))
                : layers
            where weights.Item1.EndsWith(".weight", StringComparison.Ordinal) && weights.Value.Count is 2 or 4
            where targets.Contain(weights.Item1[..^".weight".Length])
            select (weights.Value[0], weights.Value.Skip(1).Aggregate(1L, (product, size) => product * size));
    }

    // A checkpoint keeps the weights and AdamW's two averages in float32, and the result beside them.
    private void DiskSpace(TrainOptions options)
    {
        var trained = options.Method switch
        {
            TrainMethod.DreamBooth or TrainMethod.Imagic => Numbers(UNet) + (options.TextRatio > 0 ? Numbers(Text) : 0),
            TrainMethod.TextualInversion => 0,
            _ => Adapted(options).Sum(layer => options.Lora.Rank * (layer.Out + layer.In)),
        };
        // From RAM, the encoders are put aside into a file.
        var aside = options.Memory.FreeEncoders ? 4 * (TotalNumbers - Numbers(UNet)) : 0;
        var result = 2 * (options.WritesModel ? TotalNumbers : trained);
        var checkpoints = options.Saving.Every == 0 ? 1 : options.Saving.KeepLast > 0 ? options.Saving.KeepLast + 1
            : (options.Intervals.Epochs ?? 100) / options.Saving.Every;
        var bytes = (checkpoints * ((12 * trained) + (options.Saving.Every > 0 ? result : 0))) + (2 * result) + aside;
        var folder = Path.GetDirectoryName(Path.GetFullPath(options.OutputPath))!;
        if (FreeBytes(folder) is { } free && free < bytes)
        {
            throw new BadSettingException($"The disk is too full: the run writes up to {Size(bytes)} ({checkpoints} checkpoints and the "
                + $"result{(aside > 0 ? ", and what --free-encoders puts aside" : "")}) below {folder}, where {Size(free)} are free; "
                + "free some space, write to another place with --out, or keep fewer checkpoints (--keep-last 1, --save-every 0).");
        }
    }

    private static long? FreeBytes(string folder)
    {
        // The folder may not be there yet; its nearest parent is on the same disk.
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            folder = parent;
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return null; // not every file system tells
        }
    }

    private static long Numbers(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        shapes.Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));

    private static string Size(long bytes) =>
        bytes < 10_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB") : bytes < 1_000_000_000
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");
}
