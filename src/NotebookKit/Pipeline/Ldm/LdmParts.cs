using NotebookKit.Checkpoints;
using NotebookKit.Models;
using NotebookKit.Tensors;

namespace NotebookKit.Pipeline.Ldm;

/// <summary>Sorts a single file's tensors into the three networks.</summary>
internal sealed class LdmParts(WeightFile file, WeightFile vaeFile, bool useEma)
{
    private readonly HashSet<string> _matched = new(StringComparer.Ordinal);

    /// <summary>Makes the checkpoint from the parts.</summary>
    public LdmCheckpoint Put(Func<WeightFile, WeightFile, WeightFile, LdmConfigs, IReadOnlyList<string>, LdmCheckpoint> make)
    {
        var vaePrefix = Has(vaeFile, $"{LdmPrefixes.Vae}encoder.conv_in.weight") ? LdmPrefixes.Vae : "";
        var hasVae = Has(vaeFile, $"{vaePrefix}encoder.conv_in.weight");
        var clip = LdmTextEncoder.PrefixIn(file);
        var openClip = clip is null && Has(file, $"{LdmPrefixes.OpenClip}token_embedding.weight");
        var configs = LdmConfigs.Of(file, Shapes(file), hasVae ? Shapes(vaeFile) : null, vaePrefix, clip, openClip);
        var unet = UNet(configs.UNet);
        var vae = hasVae ? Vae(configs.Vae, vaePrefix) : new WeightPart(vaeFile);
        var text = openClip ? OpenClip(configs.Text) : clip is null ? new WeightPart(file) : LdmTextEncoder.Part(file, clip, _matched);
        return make(unet, vae, text, configs, [.. file.Weights.Keys.Where(name => !_matched.Contains(name))]);
    }

    private static bool Has(WeightFile file, string name) => file.Weights.ContainsKey(name);

    private static LdmShapes Shapes(WeightFile file)
    {
        var onlyAveraged = CheckpointKinds.OnlyAveraged(file);
        return new LdmShapes(file.Path, name => onlyAveraged && name.StartsWith(LdmPrefixes.UNet, StringComparison.Ordinal)
            ? CheckpointKinds.UNetEntry(file, name[LdmPrefixes.UNet.Length..])?.Shape
            : file.Weights.GetValueOrDefault(name)?.Shape);
    }

    private WeightPart UNet(UNet2DConditionConfig config)
    {
        var (part, names, averaged) = (new WeightPart(file), LdmUNetNames.Table(config), 0);
        if (CheckpointKinds.OnlyAveraged(file))
            return Averaged(config, names);
        foreach (var (name, entry) in Below(file, LdmPrefixes.UNet))
        {
            if (names.ToDiffusers(name) is not { } ours)
                continue;
            _matched.Add(entry.Name);
            var ema = useEma ? LdmPrefixes.EmaNames(name).Select(candidate => file.Weights.GetValueOrDefault(candidate))
                .FirstOrDefault(found => found is not null) : null;
            averaged += ema is null ? 0 : 1;
            if (ema is not null)
                _matched.Add(ema.Name);
            part.Add(ours, ema ?? entry);
        }

        if (useEma && averaged < part.Weights.Count)
            throw new BadInputException($"{file.Path} has averaged (EMA) weights for {averaged} of the UNet's {part.Weights.Count} "
                + "tensors; load it without them.");
        return part;
    }

    // Names that have lost their dots can't be read, only made again from those that a UNet of this shape has.
    private WeightPart Averaged(UNet2DConditionConfig config, ModuleNames names)
    {
        var part = new WeightPart(file);
        using var skip = Layers.Uninitialised();
        using var unet = new UNet2DConditionModel(config);
        foreach (var ours in unet.state_dict().Keys)
        {
            if (CheckpointKinds.UNetEntry(file, names.ToLdm(ours)!) is not { } entry)
                continue;
            _matched.Add(entry.Name);
            part.Add(ours, entry);
        }

        return part;
    }

    private WeightPart Vae(AutoencoderKLConfig config, string prefix)
    {
        var (part, names) = (new WeightPart(vaeFile), LdmVaeNames.Table(config));
        foreach (var (name, entry) in Below(vaeFile, prefix))
        {
            if (names.ToDiffusers(name) is not { } ours)
                continue;
            _matched.Add(entry.Name);
            // 1×1 convolutions there, linear layers here.
            var linear = ours.Contains(".attentions.", StringComparison.Ordinal) && entry.Shape is { Count: 4 };
            part.Add(ours, entry, linear ? [.. entry.Shape.Take(2)] : null);
        }

        return part;
    }

    private WeightPart OpenClip(CLIPTextConfig config)
    {
        var part = new WeightPart(file);
        OpenClipNames.Enter(part, file, config);
        foreach (var (_, entry) in Below(file, LdmPrefixes.OpenClip))
            _matched.Add(entry.Name);
        return part;
    }

    private static IEnumerable<(string Name, WeightEntry Entry)> Below(WeightFile file, string prefix) =>
        file.Weights.Values.Where(entry => entry.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(entry => (entry.Name[prefix.Length..], entry));
}
