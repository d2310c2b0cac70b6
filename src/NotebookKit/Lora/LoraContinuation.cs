using System.Text.RegularExpressions;
using NotebookKit.Lora.Adapters;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Kinds;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Lora;

/// <summary>An existing LoRA that a new training begins with: its layers on a base, in the ranks and of the kind that they have.</summary>
internal sealed class LoraContinuation
{
    private readonly string _path;
    private readonly IReadOnlyList<LoraModule> _all;
    private readonly List<(LoraModule Module, AdapterWeights Weights)> _layers = [];

    private LoraContinuation(string path, IReadOnlyList<LoraModule> all) => (_path, _all) = (path, all);

    /// <summary>Whether it adapts the text encoder too.</summary>
    public bool AdaptsText => _layers.Exists(layer => IsText(layer.Module));

    /// <summary>Reads a file for a base; its tensors belong to the scope.</summary>
    /// <exception cref="BadInputException">It cannot be read, does not fit the base whole, or is of a kind that is not trained.</exception>
    public static LoraContinuation Read(string path, UNet2DConditionModel unet, CLIPTextModel textEncoder)
    {
        var file = LoraFile.Read(path);
        if (file.Problems.Count > 0)
            throw new BadInputException($"{path} has {string.Join("; ", file.Problems)}, so no training can begin with it; get the file "
                + "anew.");
        if (file.Embeddings.Count > 0)
            throw new BadInputException($"{path} brings words along ({string.Join(", ", file.Embeddings.Keys)}), which a training cannot "
                + "go on with; take them out first, or begin a new LoRA.");
        var targets = LoraModules.ByName(unet, textEncoder);
        var continued = new LoraContinuation(path, [.. LoraModules.Of(unet, textEncoder)]);
        var unnamed = file.Unnamed.SelectMany(part => part.Named(targets.Values.Distinct())
            ?? throw continued.Unfit($"{part.Part} with {part.Pairs.Count} pairs", "for which this base has other layers"));
        foreach (var weights in file.Modules.Concat(unnamed))
        {
            if (!targets.TryGetValue(weights.Module, out var target))
                throw continued.Unfit(weights.Module, "a layer that this base does not have");
            var dora = weights.Dora?.For(target.Weight);
            if (weights.Fitted(target) is not { } fitting || (weights.Dora is not null && dora is null))
                throw continued.Unfit($"{weights.Module} ({weights.Shapes})", $"a layer that is {LoraFile.Shape(target.Weight)} here");
            if (fitting is not (LoraWeights { Mid: null, Bias: null } or VeraWeights { Dora: null, Bias: null }))
                throw new BadInputException($"{path} is {weights.Kind}{(weights.Bias is null ? "" : " with a bias")} in {weights.Module}, "
                    + $"which is read but not trained; give a LoRA of one of the kinds {string.Join(", ", LoraOptions.Kinds)}.");
            continued._layers.Add((target, fitting with { Dora = dora }));
        }

        var kinds = continued._layers.Select(layer => (layer.Weights.GetType(), layer.Weights.Dora?.Norm)).Distinct().Count();
        return kinds == 1 ? continued
            : throw new BadInputException($"{path} mixes kinds of adapters, with which no training can begin; give a LoRA of one kind.");
    }

    /// <summary>Options with the file's kind, ranks and layers in place of their own.</summary>
    public LoraOptions Shaped(LoraOptions options)
    {
        var usual = _layers.GroupBy(Size).MaxBy(same => same.Count())!.Key;
        var others = _layers.Where(layer => Size(layer) != usual).GroupBy(Size);
        return options with
        {
            Kind = _layers[0].Weights is VeraWeights ? "vera" : "lora",
            Rank = usual.Rank,
            Alpha = usual.Alpha,
            ConvRank = null,
            ConvAlpha = null,
            Ranks = [.. others.Select(same => new LoraRank(Only(same.Select(layer => layer.Module)), same.Key.Rank, same.Key.Alpha))],
            Targets = Targets(),
            Init = LoraInit.Kaiming,
            RsLora = false, // alpha has the root in it
            Dora = _layers[0].Weights.Dora?.Norm,
        };
    }

    /// <summary>The adapters, which begin as the file has them.</summary>
    public IEnumerable<(LoraModule Module, Adapter Adapter)> Start(double dropout)
    {
        foreach (var (module, weights) in _layers)
        {
            using var scope = NewDisposeScope();
            using var grad = no_grad();
            yield return (module, Started(module, weights, new LoraDropout(dropout)));
        }
    }

    private static Adapter Started(LoraModule module, AdapterWeights weights, LoraDropout dropout)
    {
        var device = module.Weight.device;
        switch (weights)
        {
            case LoraWeights { Dora: { } dora } lora:
                var stretched = new DoraLayer(module, lora.Down.to(device), lora.Up.to(device), lora.Alpha,
                    dora.Norm)
                { Dropout = dropout };
                stretched.Magnitude.copy_(dora.Magnitude);
                return stretched;
            case LoraWeights lora:
                return new LoraLayer(module.Layer, lora.Down.to(device), lora.Up.to(device), lora.Alpha) { Dropout = dropout };
            default:
                var vera = (VeraWeights)weights;
                return new VeraLayer(module.Layer, vera with
                {
                    B = vera.B.to(device),
                    D = vera.D.to(device),
                    ProjectionA = vera.ProjectionA.to(device),
                    ProjectionB = vera.ProjectionB.to(device),
                })
                { Dropout = dropout };
        }
    }

    // By its name where it is one of the sets.
    private LoraTargets Targets()
    {
        var own = _layers.Select(layer => layer.Module.Path).ToHashSet(StringComparer.Ordinal);
        return LoraTargets.Named.FirstOrDefault(set => own.SetEquals(_all.Where(module => AdaptsText || !IsText(module))
            .Select(module => module.Path).Where(set.Contain))) ?? Only(_layers.Select(layer => layer.Module));
    }

    private static LoraTargets Only(IEnumerable<LoraModule> modules) =>
        LoraTargets.Matching($"^({string.Join('|', modules.Select(module => Regex.Escape(module.Path)))})$");

    private static (int Rank, double? Alpha) Size((LoraModule Module, AdapterWeights Weights) layer) =>
        (layer.Weights.Rank!.Value, layer.Weights is LoraWeights lora && lora.Alpha != lora.Rank ? lora.Alpha : null);

    private static bool IsText(LoraModule module) => module.Name.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal);

    private BadInputException Unfit(string layer, string how) =>
        new($"{_path} does not fit this base, so no training can begin with it: it adapts {layer}, {how}. Use the base that it was "
            + "trained on.");
}
