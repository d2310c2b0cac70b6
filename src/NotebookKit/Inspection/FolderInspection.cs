using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Tensors;
using static TorchSharp.torch.nn;

namespace NotebookKit.Inspection;

/// <summary>A report on a model folder in the diffusers layout.</summary>
internal static class FolderInspection
{
    public static FileReport Of(string folder, IProgress<double>? progress)
    {
        if (!File.Exists(Path.Combine(folder, "model_index.json")))
            throw new BadInputException($"{folder} is no model folder in the diffusers layout: it lacks model_index.json, and no "
                + "adapter's folder: it has no adapter_model.safetensors. Name such a folder or a file.");
        var unet = UNet2DConditionConfig.Load(Path.Combine(folder, "unet", "config.json"));
        var vae = AutoencoderKLConfig.Load(Path.Combine(folder, "vae", "config.json"));
        var text = CLIPTextConfig.Load(Path.Combine(folder, "text_encoder", "config.json"));
        var report = new FileReport
        {
            Path = folder,
            Kind = "a Stable Diffusion folder in the diffusers layout",
            Base = unet.CrossAttentionDim switch
            {
                768 => "SD 1.x",
                1024 => "SD 2.x",
                var width => $"a model of its own, text states {width} wide"
            },
        };
        report = Part(report, folder, "unet", WeightFolder.DiffusersName, () => new UNet2DConditionModel(unet), progress);
        report = Part(report, folder, "vae", WeightFolder.DiffusersName, () => new AutoencoderKL(vae), progress);
        report = Part(report, folder, "text_encoder", WeightFolder.TransformersName, () => new CLIPTextModel(text), progress);
        return unet.InChannels == 4 ? report : report with
        {
            Findings = [.. report.Findings, new Finding($"Its UNet takes {unet.InChannels} channels: it repaints or edits pictures.",
                "It does not load as a base model; use the plain one that it was made from.")],
        };
    }

    private static FileReport Part(FileReport report, string folder, string part, string fileName, Func<Module> make,
        IProgress<double>? progress)
    {
        using var file = WeightFolder.Open(Path.Combine(folder, part), fileName, null);
        var census = NumberCensus.Of(file, progress);
        using var skip = Layers.Uninitialised();
        using var module = make();
        var wanted = module.state_dict().Keys.ToHashSet(StringComparer.Ordinal);
        var names = file.Weights.Keys.ToDictionary(PretrainedWeights.NewName, name => name, StringComparer.Ordinal);
        var unmatched = names.Where(pair => !wanted.Contains(pair.Key) && !pair.Key.EndsWith(".position_ids", StringComparison.Ordinal))
            .Select(pair => $"{part}: {pair.Value}").ToList();
        var missing = wanted.Where(name => !names.ContainsKey(name)).Select(name => $"{part}: {name}").ToList();
        var findings = report.Findings.Concat(census.Findings());
        if (unmatched.Count + missing.Count > 0)
            findings = findings.Append(new Finding($"{part}/: {missing.Count} tensors are missing and {unmatched.Count} too many.",
                "Its config.json and its weights do not belong together; download both again."));
        if (Path.GetExtension(file.Path) == ".bin")
            findings = findings.Append(new Finding($"{part}/ has only a pickle, which runs code in tools that load it without care.",
                "Save the model again as .safetensors."));
        var types = report.DTypes.Concat(census.DTypes).GroupBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(group => group.Key,
            group => group.Sum(pair => pair.Value), StringComparer.Ordinal);
        return report with
        {
            Bytes = report.Bytes + file.Weights.Values.Sum(entry => entry.ByteCount),
            DTypes = types,
            Tensors = report.Tensors + file.Weights.Count,
            KeysMatched = report.KeysMatched + file.Weights.Count - unmatched.Count,
            KeysUnmatched = [.. report.KeysUnmatched, .. unmatched],
            KeysMissing = [.. report.KeysMissing, .. missing],
            NaN = report.NaN + census.NaN,
            Infinite = report.Infinite + census.Infinite,
            Facts = new Dictionary<string, string>(report.Facts)
            { [part] = $"{file.Weights.Values.Sum(entry => entry.ElementCount):N0} numbers in {Path.GetFileName(file.Path)}" },
            Findings = [.. findings],
        };
    }
}
