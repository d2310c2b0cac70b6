using NotebookKit.Lora.Adapters;
using NotebookKit.Lora.Files;
using NotebookKit.Models;

namespace NotebookKit.Lora;

/// <summary>How a file fits a base: the adapters of the layers that fit, not attached yet, and what does not fit.</summary>
internal sealed class LoraFit : IDisposable
{
    private readonly LoraFile _file;
    private readonly int? _rank;
    private readonly List<(string What, string Name, LoraCause Cause)> _problems = [];

    private LoraFit(LoraFile file, int? rank) => (_file, _rank) = (file, rank);

    /// <summary>What can be attached.</summary>
    public List<(LoraModule Module, Adapter Adapter)> Layers { get; } = [];

    /// <summary>What of the file does not work here, the file's own problems first.</summary>
    public IReadOnlyList<LoraProblem> Problems =>
        [.. _file.Problems, .. _problems.GroupBy(problem => (problem.What, problem.Cause)).Select(group =>
            new LoraProblem(group.Key.What, [.. group.Select(problem => problem.Name)]) { Cause = group.Key.Cause })];

    /// <summary>Why the file is refused, in one sentence.</summary>
    public string Refusal
    {
        get
        {
            if (_file.IsEmpty)
                return _file.Emptiness;
            var family = _file.Family == LoraFamily.Sdxl ? " (it is for SDXL, which has other layers)" : "";
            var name = _file.Path.Length > 0 ? _file.Path : "The LoRA";
            if (Layers.Count == 0 && _problems.TrueForAll(problem => problem.Cause == LoraCause.ForeignNames) && family.Length == 0)
                return $"{name} adapts a model that is no Stable Diffusion 1.x or 2.x: it has {string.Join("; ", Problems)}. Give a "
                    + "LoRA for Stable Diffusion.";
            return Layers.Count == 0
                ? $"{name} was made for another base{family}: of its {_file.Modules.Count + _file.Unnamed.Sum(part => part.Pairs.Count)} "
                    + $"layers none fits. It has {string.Join("; ", Problems)}. Use the base it was trained on."
                : $"{name} does not fit this base whole{family}: {Layers.Count} layers fit, but it has {string.Join("; ", Problems)}. Use "
                    + "the base it was trained on, or leave --strict out to apply what fits.";
        }
    }

    /// <summary>Compares a file with a base.</summary>
    /// <param name="file">What is to be attached.</param>
    /// <param name="unet">The UNet.</param>
    /// <param name="textEncoder">The text encoder, or null.</param>
    /// <param name="rank">Only so many directions; null for all.</param>
    public static LoraFit Of(LoraFile file, UNet2DConditionModel unet, CLIPTextModel? textEncoder, int? rank = null)
    {
        var fit = new LoraFit(file, rank);
        var targets = LoraModules.ByName(unet, textEncoder);
        foreach (var weights in file.Modules)
        {
            if (targets.TryGetValue(weights.Module, out var target))
                fit.Add(weights, target);
            else if (textEncoder is not null || !weights.Module.StartsWith(LoraModules.TextPrefix, StringComparison.Ordinal))
                fit._problems.Add(LoraModules.IsStableDiffusion(weights.Module)
                    ? ("layers that this base does not have", weights.Module, LoraCause.OtherBase)
                    : ("layers with names that Stable Diffusion has not", weights.Module, LoraCause.ForeignNames));
        }

        foreach (var part in file.Unnamed)
        {
            if (part.Named(targets.Values.Distinct()) is not { } named)
            {
                fit._problems.Add(("parts without layer names that this base has other layers for",
                    $"{part.Part} with {part.Pairs.Count} pairs", LoraCause.OtherBase));
                continue;
            }

            foreach (var weights in named)
                fit.Add(weights, targets[weights.Module]);
        }

        return fit;
    }

    /// <summary>Frees adapters that were not attached.</summary>
    public void Dispose()
    {
        foreach (var (_, adapter) in Layers)
            adapter.Dispose();
    }

    private void Add(AdapterWeights weights, LoraModule target)
    {
        if (Adapted(weights, target) is { } adapter)
            Layers.Add((target, adapter));
        else
            _problems.Add(("layers that have another shape here",
                $"{weights.Module} ({weights.Shapes}, here {LoraFile.Shape(target.Weight)})", LoraCause.OtherBase));
    }

    private Adapter? Adapted(AdapterWeights weights, LoraModule target)
    {
        if (weights.Dora is { } dora)
        {
            if (dora.For(target.Weight) is not { } shaped)
                return null;
            weights = weights with { Dora = shaped };
        }

        if (weights.Fitted(target) is not { } fitting)
            return null;
        try
        {
            return (_rank is { } rank ? fitting.First(rank) : fitting).Beside(target);
        }
        catch (BadInputException)
        {
            return null; // the sentence is built from the shapes
        }
    }
}
