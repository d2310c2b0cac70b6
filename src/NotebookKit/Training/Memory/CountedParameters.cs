using NotebookKit.Lora;
using NotebookKit.Lora.Adapters;
using NotebookKit.Models;
using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Memory;

/// <summary>
/// How many numbers a base has and which of them learn. The models themselves say so: they are made on the device
/// <c>meta</c>, where weights have shapes and take no memory.
/// </summary>
internal sealed class CountedParameters
{
    // A wizard asks about one base many times.
    private static NetworksOf? _last;

    private readonly HashSet<string> _whole = [];
    private readonly Dictionary<string, int> _ranks = [];

    private CountedParameters()
    {
    }

    /// <summary>Counts a plan's.</summary>
    public CountedParameters(ModelShape shape, MemoryPlan plan)
    {
        var (_, unet, text, vae) = Networks(shape);
        (UNet, TextEncoder, Vae) = (Count(unet), Count(text), Count(vae));
        Largest = new nn.Module[] { unet, text, vae }.Max(part => part.parameters().Max(parameter => parameter.numel()));
        if (plan.Options.Lora is { Weights: { } file, Targets: null }) // no base was there yet to take the file's shape for
        {
            using var scope = NewDisposeScope();
            plan = plan with { Options = plan.Options with { Lora = LoraContinuation.Read(file, unet, text).Shaped(plan.Options.Lora) } };
        }

        Dora = plan.Options.Lora.Dora is not null;
        Dropout = plan.Options.Lora.Dropout > 0;
        switch (plan.Options.Method)
        {
            case TrainMethod.Lora or TrainMethod.LoraExtended:
                Adapt(LoraModules.Of(unet, plan.Options.TextRatio > 0 ? text : null), plan);
                break;
            case TrainMethod.TextualInversion:
                Shapes.Add([1, shape.Text.HiddenSize]);
                break;
            default:
                Train("unet.", unet);
                if (plan.Options.Method == TrainMethod.Imagic)
                    Shapes.Add([1, Text.ClipTokenizer.ModelMaxLength, shape.Text.HiddenSize]);
                else if (plan.Options.TextRatio > 0)
                    Train("text_encoder.", text);
                break;
        }
    }

    /// <summary>A base of which nothing learns.</summary>
    public static CountedParameters Nothing { get; } = new();

    /// <summary>Numbers of the UNet.</summary>
    public long UNet { get; }

    /// <summary>Numbers of the text encoder.</summary>
    public long TextEncoder { get; }

    /// <summary>Numbers of the VAE.</summary>
    public long Vae { get; }

    /// <summary>Numbers of the base's largest weight.</summary>
    public long Largest { get; }

    /// <summary>The shapes of everything that learns.</summary>
    public List<long[]> Shapes { get; } = [];

    /// <summary>How many numbers learn.</summary>
    public long Learning => Shapes.Sum(Numbers);

    /// <summary>Whether whole weights of the base learn.</summary>
    public bool OfTheBase => _whole.Count > 0;

    /// <summary>Numbers of the layers whose adapters are added into a copy of the weight for sampling.</summary>
    public long Folded { get; private set; }

    /// <summary>Whether adapters learn each weight's length apart.</summary>
    public bool Dora { get; }

    /// <summary>Whether adapters leave some of the squeezed numbers out.</summary>
    public bool Dropout { get; }

    /// <summary>How many numbers a tensor of this shape has.</summary>
    public static long Numbers(long[] shape) => shape.Aggregate(1L, (product, side) => product * side);

    /// <summary>Whether a layer's own weight learns.</summary>
    /// <param name="path">As <see cref="LoraTargets"/> names layers.</param>
    public bool Contains(string path) => _whole.Contains(path);

    /// <summary>The rank of a layer's adapter; null where it has none.</summary>
    /// <param name="path">As <see cref="LoraTargets"/> names layers.</param>
    public int? RankOf(string path) => _ranks.TryGetValue(path, out var rank) ? rank : null;

    private static NetworksOf Networks(ModelShape shape)
    {
        if (_last is { } last && last.Shape == shape)
            return last;
        using var skip = Layers.Uninitialised(META);
        return _last = new NetworksOf(shape, new UNet2DConditionModel(shape.UNet), new CLIPTextModel(shape.Text),
            new AutoencoderKL(shape.Vae));
    }

    private static long Count(nn.Module part) => part.parameters().Sum(parameter => parameter.numel());

    private void Train(string prefix, nn.Module part)
    {
        foreach (var (name, parameter) in part.named_parameters())
        {
            Shapes.Add(parameter.shape);
            _whole.Add(prefix + name[..name.LastIndexOf('.')]);
        }
    }

    private void Adapt(IEnumerable<LoraModule> modules, MemoryPlan plan)
    {
        var options = plan.Options.Lora with { Targets = plan.Options.Lora.Targets ?? plan.Options.DefaultTargets };
        foreach (var module in modules.Where(module => options.Layers.Contain(module.Path)))
        {
            var (rank, weight) = (options.For(module).Rank, module.Weight.shape);
            _ranks[module.Path] = rank;
            if (Numbers(weight) <= AdaptedLayer.LargestFolded && plan.DType == ScalarType.Float32)
                Folded += Numbers(weight);
            Shapes.Add([rank, .. weight[1..]]);
            Shapes.Add(module.Layer is Conv2d ? [weight[0], rank, 1, 1] : [weight[0], rank]);
            if (plan.Options.Lora.Dora is { } norm)
                Shapes.Add([norm == DoraNorm.PerOutput ? weight[0] : weight[1]]);
        }
    }

    private sealed record NetworksOf(ModelShape Shape, UNet2DConditionModel UNet, CLIPTextModel Text, AutoencoderKL Vae);
}
