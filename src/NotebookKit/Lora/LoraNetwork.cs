using NotebookKit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora;

/// <summary>
/// Adapters attached to a base. They hang on the layers' forward hooks, so the base's own weights and state dict stay
/// untouched, several networks work side by side, and <see cref="Remove"/> leaves no trace.
/// </summary>
public sealed class LoraNetwork : IDisposable
{
    private readonly List<(string Name, Module<Tensor, Tensor> Target, LoraLayer Layer)> _layers = [];
    private readonly List<Action> _detach = [];

    private LoraNetwork()
    {
    }

    /// <summary>The adapters by the kohya name of the layer that each adapts.</summary>
    public IEnumerable<(string Name, LoraLayer Layer)> Layers => _layers.Select(layer => (layer.Name, layer.Layer));

    /// <summary>What the file that the network came from says about itself; empty for a new one.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private init; } = new Dictionary<string, string>();

    /// <summary>What a LoRA run trains, the text encoder's part first.</summary>
    public IEnumerable<Parameter> Parameters => _layers.SelectMany(layer => (Parameter[])[layer.Layer.Down, layer.Layer.Up]);

    /// <summary>The part of <see cref="Parameters"/> that adapts the text encoder; it has its own learning rate.</summary>
    public IEnumerable<Parameter> TextParameters =>
        from layer in _layers
        where layer.Name.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal)
        from parameter in (Parameter[])[layer.Layer.Down, layer.Layer.Up]
        select parameter;

    /// <summary>How strongly the network counts: 0 gives the base bit for bit, 1 is as trained. Works at once.</summary>
    public double Multiplier
    {
        get => _layers[0].Layer.Multiplier;
        set
        {
            foreach (var layer in _layers)
                layer.Layer.Multiplier = value;
        }
    }

    /// <summary>
    /// Attaches a new network, ready to train: down from Kaiming's uniform distribution (a = √5), up zero, so the first
    /// forward pass equals the base's bit for bit.
    /// </summary>
    /// <param name="unet">The UNet to adapt.</param>
    /// <param name="textEncoder">The text encoder to adapt too, or null to leave it as it is.</param>
    /// <param name="options">Rank, alpha, layers, seed.</param>
    /// <exception cref="BadInputException">The rank is below 1, or the base has none of the layers.</exception>
    public static LoraNetwork Inject(UNet2DConditionModel unet, CLIPTextModel? textEncoder, LoraOptions options)
    {
        if (options.Rank < 1)
            throw new BadInputException($"The LoRA rank must be at least 1, not {options.Rank}; 4 to 32 is usual.");
        using var grad = no_grad();
        using var random = new Generator(options.Seed);
        var network = new LoraNetwork();
        foreach (var (name, target) in LoraModules.Select(unet, textEncoder, options.Targets))
        {
            var weight = LoraModules.WeightOf(target); // (out, in) or (out, in, k, k)
            var fanIn = weight.shape[1..].Aggregate(1L, (product, size) => product * size);
            var bound = 1 / Math.Sqrt(fanIn); // Kaiming's √(6 / ((1 + a²) · fan in)) at a = √5
            var down = empty([options.Rank, .. weight.shape[1..]]).uniform_(-bound, bound, random).to(weight.device);
            long[] upShape = target is Conv2d ? [weight.shape[0], options.Rank, 1, 1] : [weight.shape[0], options.Rank];
            network.Attach(name, target, new LoraLayer(target, down, zeros(upShape, device: weight.device), options.Alpha ?? options.Rank));
        }

        if (network._layers.Count == 0)
            throw new BadInputException("This base has no layers of the chosen LoRA targets; choose attention, kohya or extended.");
        foreach (var parameter in network.Parameters)
            parameter.requires_grad_(true);
        return network;
    }

    /// <summary>Loads a file and attaches it to a base.</summary>
    /// <param name="path">A LoRA in kohya's, PEFT's or diffusers' format.</param>
    /// <param name="sd">The base: UNet and text encoder.</param>
    /// <param name="multiplier">How strongly it counts.</param>
    /// <exception cref="BadInputException">The file cannot be read, or was made for another base.</exception>
    public static LoraNetwork Load(string path, StableDiffusion sd, double multiplier = 1) =>
        Load(path, sd.UNet, sd.TextEncoder, multiplier);

    /// <summary>Loads a file and attaches it to a UNet and a text encoder.</summary>
    /// <inheritdoc cref="Load(string, StableDiffusion, double)"/>
    /// <param name="path">A LoRA in kohya's, PEFT's or diffusers' format.</param>
    /// <param name="unet">The UNet that the file adapts.</param>
    /// <param name="textEncoder">The text encoder, which the file may adapt too.</param>
    /// <param name="multiplier">How strongly it counts.</param>
    public static LoraNetwork Load(string path, UNet2DConditionModel unet, CLIPTextModel? textEncoder, double multiplier = 1)
    {
        using var scope = NewDisposeScope();
        var file = LoraFile.Read(path);
        var targets = LoraModules.Of(unet, textEncoder).ToDictionary(module => module.Name, module => module.Layer);
        var network = new LoraNetwork { Metadata = file.Metadata };
        var fitting = new List<(string Name, Module<Tensor, Tensor> Target, LoraLayer Layer)>();
        foreach (var weights in file.Modules)
        {
            if (!targets.TryGetValue(weights.Module, out var target))
                throw new BadInputException($"{path} was made for another base: this one has no layer {weights.Module}; use the base it was trained on.");
            fitting.Add((weights.Module, target, Fit(path, weights, target)));
        }

        foreach (var (name, target, layer) in fitting) // attached only once the whole file fits
            network.Attach(name, target, layer);
        network.Multiplier = multiplier;
        return network;
    }

    /// <summary>Adds the network to the base's weights, at its multiplier, and takes the adapters off.</summary>
    public void Merge()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (_, target, layer) in _layers)
        {
            var weight = LoraModules.WeightOf(target);
            weight.add_(layer.Delta().to(weight.dtype).reshape(weight.shape));
        }

        Remove();
    }

    /// <summary>Takes the adapters off: the base computes what it did before, bit for bit. The weights stay usable.</summary>
    public void Remove()
    {
        foreach (var detach in _detach)
            detach();
        _detach.Clear();
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
        var rank = _layers.Max(layer => layer.Layer.Rank);
        var notes = new Dictionary<string, string>(Metadata)
        {
            ["ss_network_module"] = "networks.lora",
            ["ss_network_dim"] = Invariant(rank),
            ["ss_network_alpha"] = Invariant(_layers.First(layer => layer.Layer.Rank == rank).Layer.Alpha),
        };
        if (_layers.FirstOrDefault(layer => layer.Layer.Down.dim() == 4 && layer.Layer.Down.shape[2] > 1).Layer is { } convolution)
            notes["ss_network_args"] = $$"""{"conv_dim": "{{convolution.Rank}}", "conv_alpha": "{{Invariant(convolution.Alpha)}}"}""";
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
            notes[key] = value;
        new LoraFile([.. _layers.Select(layer => new LoraWeights(layer.Name, layer.Layer.Down, layer.Layer.Up, layer.Layer.Alpha))], notes)
            .Write(path, dtype);
    }

    /// <summary>Takes the adapters off and frees their weights.</summary>
    public void Dispose()
    {
        Remove();
        foreach (var layer in _layers)
            layer.Layer.Dispose();
        _layers.Clear();
    }

    private static string Invariant(IFormattable value) => value.ToString(null, System.Globalization.CultureInfo.InvariantCulture);

    // A linear layer's adapter may be stored with 1×1 kernels and a 1×1 convolution's without, depending on the tool.
    private static LoraLayer Fit(string path, LoraWeights weights, Module<Tensor, Tensor> target)
    {
        var weight = LoraModules.WeightOf(target);
        long[] down = [weights.Rank, .. weight.shape[1..]];
        long[] up = target is Conv2d ? [weight.shape[0], weights.Rank, 1, 1] : [weight.shape[0], weights.Rank];
        if (weights.Down.NumberOfElements != down.Aggregate(1L, (n, size) => n * size) || weights.Up.NumberOfElements != up[0] * up[1])
        {
            throw new BadInputException($"{path} was made for another base: {weights.Module} is {LoraFile.Shape(weights.Up)}·{LoraFile.Shape(weights.Down)} there, "
                + $"but the layer's weight is {LoraFile.Shape(weight)} here; use the base it was trained on.");
        }

        return new LoraLayer(target, weights.Down.reshape(down).to(weight.device), weights.Up.reshape(up).to(weight.device), weights.Alpha);
    }

    private void Attach(string name, Module<Tensor, Tensor> target, LoraLayer layer)
    {
        var hook = target.register_forward_hook((_, x, y) => layer.Forward(x, y));
        _detach.Add(hook.remove);
        _layers.Add((name, target, layer));
    }
}
