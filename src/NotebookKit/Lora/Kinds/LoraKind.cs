using System.Globalization;
using NotebookKit.Lora.Adapters;
using NotebookKit.Lora.Files;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Lora.Kinds;

/// <summary>LoRA, with LoCon, CP decomposition, DoRA and PiSSA: two thin matrices for each layer.</summary>
internal sealed class LoraKind : TrainedKind
{
    public override string Name => "LoRA";

    public override string Option => "lora";

    // kohya's, PEFT's, diffusers' from 0.21 and its attention processors' before.
    public override IReadOnlyDictionary<string, string> Endings { get; } = new Dictionary<string, string>
    {
        [".lora_down.weight"] = "lora_down",
        [".lora_A.weight"] = "lora_down",
        [".lora_A.default.weight"] = "lora_down",
        [".lora.down.weight"] = "lora_down",
        ["_lora.down.weight"] = "lora_down",
        [".lora_linear_layer.down.weight"] = "lora_down",
        [".lora_up.weight"] = "lora_up",
        [".lora_B.weight"] = "lora_up",
        [".lora_B.default.weight"] = "lora_up",
        [".lora.up.weight"] = "lora_up",
        ["_lora.up.weight"] = "lora_up",
        [".lora_linear_layer.up.weight"] = "lora_up",
        [".lora_mid.weight"] = "lora_mid",
    };

    public override AdapterWeights? Read(LayerTensors layer)
    {
        var (down, up, mid) = (layer.Part("lora_down"), layer.Part("lora_up"), layer.Part("lora_mid"));
        if (down is null || up is null)
            return down is null && up is null ? null
                : throw layer.Unreadable($"layers that lack their {(up is null ? "up" : "down")} weights");
        if (down.dim() is not (2 or 4) || up.dim() is not (2 or 4)
            || !(mid is null ? up.shape[1] == down.shape[0]
                : mid.dim() == 4 && mid.shape[0] == up.shape[1] && mid.shape[1] == down.shape[0]))
            throw layer.Unreadable("layers whose weights do not fit each other", $"down {LoraFile.Shape(down)}, up {LoraFile.Shape(up)}");
        return new LoraWeights(layer.Module, down, up, layer.Alpha(down.shape[0]), mid);
    }

    public override void Validate(LoraOptions options)
    {
        if (options is { Dora: not null, Init: LoraInit.Pissa })
            throw new BadInputException("PiSSA and DoRA do not go together: choose one.");
    }

    public override IEnumerable<(LoraModule Module, Adapter Adapter)> Start(IReadOnlyList<LoraModule> modules, LoraOptions options)
    {
        using var random = new Generator(options.Seed);
        foreach (var module in modules)
            yield return (module, LoraStart.Layer(module, options, random));
    }

    public override IEnumerable<(string Name, long[] Shape)> Tensors(IReadOnlyList<LoraModule> modules, LoraOptions options)
    {
        foreach (var module in modules)
        {
            var rank = (long)options.For(module).Rank * (options.Init == LoraInit.Pissa ? 2 : 1);
            var weight = module.Weight.shape;
            yield return (module.Name + ".alpha", []);
            yield return (module.Name + ".lora_down.weight", [rank, .. weight[1..]]);
            yield return (module.Name + ".lora_up.weight", module.Layer is Conv2d ? [weight[0], rank, 1, 1] : [weight[0], rank]);
            if (options.Dora is { } norm)
                yield return (module.Name + ".dora_scale",
                    [.. weight.Select((size, axis) => axis == (norm == DoraNorm.PerOutput ? 0 : 1) ? size : 1)]);
        }
    }

    // The ss_ notes by which kohya's tools and the web UI know a LoRA's shape.
    public override void Note(IReadOnlyList<AdapterWeights> modules, IDictionary<string, string> notes)
    {
        var loras = modules.OfType<LoraWeights>().ToList();
        if (loras.MaxBy(lora => lora.Rank) is not { } largest)
            return;
        notes["ss_network_module"] = "networks.lora";
        notes["ss_network_dim"] = Invariant(largest.Rank!.Value);
        notes["ss_network_alpha"] = Invariant(largest.Alpha);
        var arguments = new List<string>();
        if (loras.FirstOrDefault(lora => lora.Down.dim() == 4 && lora.Down.shape[2] > 1) is { } convolution)
            arguments.Add($"\"conv_dim\": \"{convolution.Rank}\", \"conv_alpha\": \"{Invariant(convolution.Alpha)}\"");
        if (loras.FirstOrDefault(lora => lora.Dora is not null)?.Dora is { } dora)
            arguments.Add($"\"dora_wd\": \"True\", \"wd_on_output\": \"{dora.Norm == DoraNorm.PerOutput}\"");
        notes.Remove("ss_network_args");
        if (arguments.Count > 0)
            notes["ss_network_args"] = "{" + string.Join(", ", arguments) + "}";
    }

    private static string Invariant(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
