using NotebookKit.Lora.Adapters;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Kinds;
using NotebookKit.Models;
using NotebookKit.Pipeline;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>
/// Adapters attached to a base. They hang on the layers' forward hooks, so the base's own weights and state dict stay
/// untouched, several networks work side by side, and <see cref="Remove"/> leaves no trace.
/// </summary>
public sealed class LoraNetwork : IDisposable
{
    private readonly List<(LoraModule Module, Adapter Adapter)> _adapters = [];
    private readonly List<Action> _detach = [];
    private readonly List<TokenEmbedding> _words = [];

    private LoraNetwork()
    {
    }

    /// <summary>Every adapter by the kohya name of the layer that it adapts.</summary>
    public IEnumerable<(string Name, Adapter Adapter)> Adapters => _adapters.Select(adapter => (adapter.Module.Name, adapter.Adapter));

    /// <summary>Those of them that are LoRA layers.</summary>
    public IEnumerable<(string Name, LoraLayer Layer)> Layers =>
        from adapter in _adapters
        where adapter.Adapter is LoraLayer
        select (adapter.Module.Name, (LoraLayer)adapter.Adapter);

    /// <summary>What the file that the network came from says about itself; empty for a new one.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private init; } = new Dictionary<string, string>();

    /// <summary>What of the file does not work on this base; the rest is attached. Empty for a new network.</summary>
    public IReadOnlyList<LoraProblem> Problems { get; private init; } = [];

    /// <summary>The words that the file brought along, attached to the base as textual inversion's are.</summary>
    public IReadOnlyList<TokenEmbedding> Words => _words;

    /// <summary>What a LoRA run trains, the text encoder's part first.</summary>
    public IEnumerable<Parameter> Parameters => _adapters.SelectMany(adapter => adapter.Adapter.Parameters);

    /// <summary>The part of <see cref="Parameters"/> that adapts the text encoder; it has its own learning rate.</summary>
    public IEnumerable<Parameter> TextParameters =>
        _adapters.Where(adapter => IsText(adapter.Module)).SelectMany(adapter => adapter.Adapter.Parameters);

    /// <summary>The up weights, to which LoRA+ gives a higher learning rate (Hayou et al. 2024): about 16 times that of the
    /// others.</summary>
    public IEnumerable<Parameter> UpParameters => Layers.Select(layer => layer.Layer.Up);

    /// <summary>
    /// How strongly the network counts: 0 gives the base bit for bit, 1 is as trained. Works at once. Setting it sets
    /// <see cref="UNetMultiplier"/> and <see cref="TextMultiplier"/> alike.
    /// </summary>
    public double Multiplier
    {
        get => UNetMultiplier;
        set => (UNetMultiplier, TextMultiplier) = (value, value);
    }

    /// <summary>How strongly the UNet's part counts.</summary>
    public double UNetMultiplier
    {
        get;
        set => Set(text: false, field = value);
    } = 1;

    /// <summary>How strongly the text encoder's part counts.</summary>
    public double TextMultiplier
    {
        get;
        set => Set(text: true, field = value);
    } = 1;

    /// <summary>Attaches a new network, ready to train. Its first forward pass equals the base's bit for bit, but where
    /// it begins with <see cref="LoraOptions.Weights"/>.</summary>
    /// <param name="unet">The UNet to adapt.</param>
    /// <param name="textEncoder">The text encoder to adapt too, or null to leave it as it is; needed where the options name a file to
    /// begin with.</param>
    /// <param name="options">Rank, alpha, layers, what to begin with, seed.</param>
    /// <exception cref="BadInputException">An option makes no sense, or the base has none of the layers.</exception>
    public static LoraNetwork Inject(UNet2DConditionModel unet, CLIPTextModel? textEncoder, LoraOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using var grad = no_grad();
        var network = new LoraNetwork();
        using var scope = NewDisposeScope();
        foreach (var (module, adapter) in options.Weights is { } file
            ? LoraContinuation.Read(file, unet, textEncoder ?? throw new ArgumentNullException(nameof(textEncoder))).Start(options.Dropout)
            : TrainedKind.Of(options.Kind).Start(options.Choose(LoraModules.Of(unet, textEncoder)), options))
            network.Attach(module, adapter);

        if (network._adapters.Count == 0)
        {
            var hint = NearestName.Of(options.Layers.Name, [.. LoraTargets.Named.Select(set => set.Name)]);
            throw new BadInputException($"This base has no layers of the LoRA targets '{options.Layers}'; "
                + (hint.Count > 0 ? $"did you mean {string.Join(" or ", hint)}?" : $"name a set ({string.Join(", ", LoraTargets.Named)}) "
                    + "or a pattern that occurs in paths like unet.mid_block.attentions.0.proj_in."));
        }

        foreach (var parameter in network.Parameters)
            parameter.requires_grad_(true);
        return network;
    }

    /// <summary>Loads a file and attaches it to a base.</summary>
    /// <param name="path">A LoRA in any format that <see cref="LoraFile"/> reads.</param>
    /// <param name="sd">The base: UNet and text encoder.</param>
    /// <param name="multiplier">How strongly it counts.</param>
    /// <param name="strict">Refuse a file of which anything does not fit.</param>
    /// <exception cref="BadInputException">The file cannot be read, or nothing of it fits; or <paramref name="strict"/> found a
    /// problem.</exception>
    public static LoraNetwork Load(string path, StableDiffusion sd, double multiplier = 1, bool strict = false)
    {
        using var scope = NewDisposeScope();
        return Attach(LoraFile.Read(path), sd, multiplier, strict);
    }

    /// <inheritdoc cref="Load(string, StableDiffusion, double, bool)"/>
    /// <param name="path">A LoRA in any format that <see cref="LoraFile"/> reads.</param>
    /// <param name="unet">The UNet that the file adapts.</param>
    /// <param name="textEncoder">The text encoder, which the file may adapt too; null leaves that part of the file out.</param>
    /// <param name="multiplier">How strongly it counts.</param>
    /// <param name="strict">Refuse a file of which anything does not fit.</param>
    public static LoraNetwork Load(string path, UNet2DConditionModel unet, CLIPTextModel? textEncoder, double multiplier = 1,
        bool strict = false)
    {
        using var scope = NewDisposeScope();
        return Attach(LoraFile.Read(path), unet, textEncoder, multiplier, strict);
    }

    /// <summary>Attaches what a file holds to a base, the words that it brings along too.</summary>
    /// <param name="file">The file's content, or one made in memory.</param>
    /// <param name="sd">The base. A word that it has already stays what it is.</param>
    /// <param name="multiplier">How strongly it counts.</param>
    /// <param name="strict">Refuse it where anything does not fit.</param>
    /// <param name="rank">Only the first so many directions of each layer (the web UI's <c>dyn</c>); null for all.</param>
    /// <exception cref="BadInputException">Nothing of it fits; or <paramref name="strict"/> found a problem.</exception>
    public static LoraNetwork Attach(LoraFile file, StableDiffusion sd, double multiplier = 1, bool strict = false, int? rank = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(sd);
        var odd = file.Embeddings.Where(word => word.Key != word.Key.Trim() || word.Key.Length == 0 || word.Value.dim() is not (1 or 2)
            || word.Value.shape[^1] != sd.TextEncoder.Config.HiddenSize).Select(word => word.Key).ToList();
        if (odd.Count > 0)
            file = file with { Problems = [.. file.Problems, new LoraProblem("words for a text encoder of another width", odd)] };
        var network = Attach(file, sd.UNet, sd.TextEncoder, multiplier, strict, rank);
        foreach (var (word, vectors) in file.Embeddings.Where(word => !odd.Contains(word.Key)
            && !sd.Tokenizer.AddedWords.Contains(word.Key, StringComparer.OrdinalIgnoreCase)))
            network._words.Add(TokenEmbedding.Attach(sd, word, vectors));
        return network;
    }

    /// <summary>Attaches what a file holds to a base.</summary>
    /// <param name="file">The file's content, or one made in memory.</param>
    /// <param name="unet">The UNet that it adapts.</param>
    /// <param name="textEncoder">The text encoder, which it may adapt too; null leaves that part out.</param>
    /// <param name="multiplier">How strongly it counts.</param>
    /// <param name="strict">Refuse it where anything does not fit.</param>
    /// <param name="rank">Only the first so many directions of each layer (the web UI's <c>dyn</c>); null for all.</param>
    /// <exception cref="BadInputException">Nothing of it fits; or <paramref name="strict"/> found a problem.</exception>
    public static LoraNetwork Attach(LoraFile file, UNet2DConditionModel unet, CLIPTextModel? textEncoder, double multiplier = 1,
        bool strict = false, int? rank = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var scope = NewDisposeScope();
        var fit = LoraFit.Of(file, unet, textEncoder, rank);
        if (fit.Layers.Count == 0 || (strict && fit.Problems.Count > 0))
        {
            fit.Dispose();
            throw new BadInputException(fit.Refusal);
        }

        var network = new LoraNetwork { Metadata = file.Metadata, Problems = fit.Problems };
        foreach (var (module, adapter) in fit.Layers)
            network.Attach(module, adapter);
        network.Multiplier = multiplier;
        return network;
    }

    /// <summary>Adds the network to the base's weights, at its multipliers, and takes the adapters off.</summary>
    public void Merge()
    {
        using var grad = no_grad();
        if (_adapters.FirstOrDefault(pair => pair.Adapter.Multiplier != 0 && pair.Module.Bias is null && HasBias(pair.Adapter)) is
            { Module: { } bare })
            throw new BadInputException($"{bare.Path} has no bias in this base, so the LoRA's change of it cannot be merged; keep the LoRA "
                + "beside the base.");
        foreach (var (module, adapter) in _adapters)
        {
            using var scope = NewDisposeScope();
            if (adapter.Multiplier == 0)
                continue;
            module.Weight.add_(adapter.Delta().to(module.Weight.dtype).reshape(module.Weight.shape));
            if (adapter.BiasDelta() is { } bias && module.Bias is { } own)
                own.add_(bias.to(own.dtype));
        }

        Remove();
    }

    /// <summary>Takes adapters and words off: the base computes what it did before, bit for bit. The adapters' weights stay
    /// usable.</summary>
    public void Remove()
    {
        foreach (var detach in _detach)
            detach();
        _detach.Clear();
        _words.ForEach(word => word.Dispose());
        _words.Clear();
    }

    /// <summary>The network as a file's content; its tensors are the network's own.</summary>
    /// <param name="metadata">Further notes, such as ss_base_model_version and the training's settings.</param>
    public LoraFile ToFile(IReadOnlyDictionary<string, string>? metadata = null)
    {
        var modules = _adapters.Select(adapter => adapter.Adapter.Weights(adapter.Module.Name)).ToList();
        return new LoraFile(modules, LoraNotes.Of(modules, Metadata, metadata));
    }

    /// <summary>
    /// Writes a kohya file: <c>lora_unet_….lora_down.weight</c>, <c>.lora_up.weight</c>, <c>.alpha</c> and the
    /// <c>ss_</c> notes. The file is read back and compared before this returns.
    /// </summary>
    /// <param name="path">Where to, .safetensors.</param>
    /// <param name="dtype">Float16 (half the size) or Float32 (exact).</param>
    /// <param name="metadata">Further notes, such as ss_base_model_version and the training's settings.</param>
    public void Save(string path, ScalarType dtype = ScalarType.Float16, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var scope = NewDisposeScope();
        ToFile(metadata).Write(path, dtype);
    }

    /// <summary>Takes the adapters off and frees their weights.</summary>
    public void Dispose()
    {
        Remove();
        foreach (var (_, adapter) in _adapters)
            adapter.Dispose();
        _adapters.Clear();
    }

    private static bool HasBias(Adapter adapter)
    {
        using var bias = adapter.BiasDelta();
        return bias is not null;
    }

    private static bool IsText(LoraModule module) => module.Name.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal);

    private void Set(bool text, double multiplier)
    {
        foreach (var (module, adapter) in _adapters)
        {
            if (IsText(module) == text)
                adapter.Multiplier = multiplier;
        }
    }

    private void Attach(LoraModule module, Adapter adapter)
    {
        var layer = AdaptedLayer.Of(module);
        layer.Add(adapter);
        _detach.Add(() => layer.Remove(adapter));
        _adapters.Add((module, adapter));
    }
}
