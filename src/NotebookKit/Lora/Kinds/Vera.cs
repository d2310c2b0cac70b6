using System.Globalization;
using System.Runtime.CompilerServices;
using NotebookKit.Lora.Adapters;
using NotebookKit.Lora.Files;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Lora.Kinds;

/// <summary>
/// VeRA: all layers share two random matrices that stay as they were drawn, and each layer learns two vectors beside them,
/// ΔW = diag(b) · B · diag(d) · A (Kopiczko et al. 2023, "VeRA: Vector-based Random Matrix Adaptation", equation 2). A layer
/// takes as many columns of A and rows of B as it has inputs and outputs. Names, draws and starting values are PEFT's; the
/// projections are saved with the vectors, as PEFT's <c>save_projection</c> does. Convolutions are left as they are.
/// </summary>
internal sealed class VeraKind : TrainedKind
{
    /// <summary>What PEFT calls A in a file.</summary>
    public const string NameOfA = "base_model.vera_A";

    /// <summary>What PEFT calls B in a file.</summary>
    public const string NameOfB = "base_model.vera_B";

    private const double StartOfD = 0.1; // PEFT's d_initial

    public override string Name => "VeRA";

    public override string Option => "vera";

    public override IReadOnlyDictionary<string, string> Endings { get; } = new Dictionary<string, string>
    {
        [".vera_lambda_b"] = "vera_lambda_b",
        [".vera_lambda_b.default"] = "vera_lambda_b",
        [".vera_lambda_d"] = "vera_lambda_d",
        [".vera_lambda_d.default"] = "vera_lambda_d",
    };

    public override IReadOnlyList<string> SharedTensors => [NameOfA, NameOfB];

    public override AdapterWeights? Read(LayerTensors layer)
    {
        var (b, d) = (layer.Part("vera_lambda_b"), layer.Part("vera_lambda_d"));
        if (b is null && d is null)
            return null;
        if (b is null || d is null)
            throw layer.Unreadable("layers that lack one of VeRA's two vectors");
        if (layer.Shared(NameOfA) is not { } projectionA || layer.Shared(NameOfB) is not { } projectionB)
            throw layer.Unreadable("layers of VeRA without its projections (save them with PEFT's save_projection=True)");
        if (b.dim() != 1 || d.dim() != 1 || projectionA.dim() != 2 || projectionB.dim() != 2 || projectionA.shape[0] != d.shape[0]
            || projectionB.shape[1] != d.shape[0] || projectionB.shape[0] < b.shape[0])
            throw layer.Unreadable("layers whose weights do not fit each other",
                $"b {LoraFile.Shape(b)}, d {LoraFile.Shape(d)}, A {LoraFile.Shape(projectionA)}, B {LoraFile.Shape(projectionB)}");
        return new VeraWeights(layer.Module, b, d, projectionA, projectionB);
    }

    public override void Validate(LoraOptions options)
    {
        var odd = options.Alpha is not null || options.ConvAlpha is not null ? "alpha" : options.ConvRank is not null
            ? "rank for convolutions" : options.RsLora ? "rsLoRA"
            : options.Dora is not null ? "DoRA" : options.Init != LoraInit.Kaiming ? "start of its own"
            : options.Ranks.Any(rule => rule.Rank > 0) ? "rank for single layers" : null;
        if (odd is not null)
            throw new BadInputException($"VeRA has no {odd}: all its layers share two matrices of one rank; leave it out, or choose the "
                + "kind lora.");
    }

    public override IEnumerable<(LoraModule Module, Adapter Adapter)> Start(IReadOnlyList<LoraModule> modules, LoraOptions options)
    {
        var layers = Linear(modules);
        if (layers.Count == 0 && modules.Count > 0)
            throw new BadInputException($"VeRA adapts linear layers, but the LoRA targets '{options.Targets}' are all convolutions here; "
                + "choose attention, or the kind lora.");
        return layers.Count == 0 ? [] : Started(layers, options);
    }

    private static IEnumerable<(LoraModule Module, Adapter Adapter)> Started(List<LoraModule> layers, LoraOptions options)
    {
        var (inputs, outputs) = Largest(layers);
        var device = layers[0].Weight.device;
        using var random = new Generator(options.Seed); // PEFT's projection_prng_key
        using var a = Kaiming([options.Rank, inputs], random).to(device);
        using var b = Kaiming([outputs, options.Rank], random).to(device);
        foreach (var module in layers)
        {
            using var ofB = zeros(module.Weight.shape[0], device: device);
            using var ofD = full(options.Rank, StartOfD, device: device);
            yield return (module, new VeraLayer(module.Layer,
                new VeraWeights(module.Name, ofB, ofD, a, b))
            { Dropout = new LoraDropout(options.Dropout) });
        }
    }

    public override IEnumerable<(string Name, long[] Shape)> Tensors(IReadOnlyList<LoraModule> modules, LoraOptions options)
    {
        var layers = Linear(modules);
        if (layers.Count == 0)
            yield break;
        var (inputs, outputs) = Largest(layers);
        yield return (NameOfA, [options.Rank, inputs]);
        yield return (NameOfB, [outputs, options.Rank]);
        foreach (var module in layers)
        {
            yield return (module.Name + ".vera_lambda_b", [module.Weight.shape[0]]);
            yield return (module.Name + ".vera_lambda_d", [options.Rank]);
        }
    }

    public override void Note(IReadOnlyList<AdapterWeights> modules, IDictionary<string, string> notes)
    {
        if (modules.OfType<VeraWeights>().FirstOrDefault() is not { } vera)
            return;
        notes["peft_type"] = "VERA";
        notes["save_projection"] = "True";
        notes["ss_network_dim"] = vera.Rank!.Value.ToString(CultureInfo.InvariantCulture);
    }

    private static List<LoraModule> Linear(IEnumerable<LoraModule> modules) => [.. modules.Where(module => module.Layer is Linear)];

    private static (long Inputs, long Outputs) Largest(List<LoraModule> layers) =>
        (layers.Max(module => module.Weight.shape[1]), layers.Max(module => module.Weight.shape[0]));

    // Kaiming's uniform distribution with ReLU's gain, √(6 / fan in), drawn on the processor whatever the device.
    private static Tensor Kaiming(long[] shape, Generator random)
    {
        var bound = Math.Sqrt(3) * (Math.Sqrt(2) / Math.Sqrt(shape[1]));
        return empty(shape).uniform_(-bound, bound, random);
    }
}

/// <summary>VeRA's vectors for one layer, and the projections that it shares with the others.</summary>
/// <param name="Module">The layer's kohya name.</param>
/// <param name="B">(out), learned: how much each output counts.</param>
/// <param name="D">(rank), learned: how much each direction counts.</param>
/// <param name="ProjectionA">(rank, most inputs), drawn once.</param>
/// <param name="ProjectionB">(most outputs, rank), drawn once.</param>
public sealed record VeraWeights(string Module, Tensor B, Tensor D, Tensor ProjectionA, Tensor ProjectionB) : AdapterWeights(Module)
{
    // One copy for all layers.
    private static readonly ConditionalWeakTable<Tensor, Tensor> OnGpu = [];

    /// <inheritdoc/>
    public override string Kind => "VeRA";

    /// <inheritdoc/>
    public override int? Rank => (int)D.shape[0];

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Parts => [("vera_lambda_b", B), ("vera_lambda_d", D)];

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> Shared => [(VeraKind.NameOfA, ProjectionA), (VeraKind.NameOfB, ProjectionB)];

    // How many inputs the layer has, only its weight tells.
    internal override Tensor? Flat() => null;

    internal override AdapterWeights? Fitted(LoraModule target) =>
        target.Layer is Linear && target.Weight.shape[0] == B.shape[0] && target.Weight.shape[1] <= ProjectionA.shape[1] ? this : null;

    internal override Adapter Beside(LoraModule target)
    {
        if (Dora is not null || Bias is not null)
            return base.Beside(target);
        var device = target.Weight.device;
        return new VeraLayer(target.Layer, this with
        {
            B = B.to(device, copy: true),
            D = D.to(device, copy: true),
            ProjectionA = There(ProjectionA),
            ProjectionB = There(ProjectionB)
        });

        Tensor There(Tensor projection) => device.type == DeviceType.CPU ? projection
            : OnGpu.GetValue(projection, each => each.to(device).DetachFromDisposeScope()).to(device);
    }

    internal override IEnumerable<(string Name, Tensor Tensor)> PartsFor(LoraFormat format) => format != LoraFormat.Peft
        ? base.PartsFor(format)
        : Parts.Select(part => ($"{ModulePath.Of(Module)}.{part.Name}", part.Tensor));

    private protected override AdapterWeights Mapped(Func<Tensor, Tensor> change) => this with
    {
        B = change(B),
        D = change(D),
        ProjectionA = change(ProjectionA),
        ProjectionB = change(ProjectionB),
    };

    /// <inheritdoc/>
    protected override Tensor Product(Tensor weight) => Change(weight.shape[1]);

    /// <summary>ΔW of a layer with so many inputs: (out, in).</summary>
    internal Tensor Change(long inputs) => (B.unsqueeze(1) * OutOf(ProjectionB)).mm(D.unsqueeze(1) * Into(ProjectionA, inputs));

    /// <summary>b ∘ B(d ∘ A x), which is ΔW x with four thin steps: (…, out).</summary>
    internal Tensor Share(Tensor x, LoraDropout dropout) =>
        B * functional.linear(D * dropout.Of(functional.linear(x, Into(ProjectionA, x.shape[^1]))), OutOf(ProjectionB));

    private static Tensor Into(Tensor a, long inputs) => a.narrow(1, 0, inputs);

    private Tensor OutOf(Tensor b) => b.narrow(0, 0, B.shape[0]);
}

/// <summary>VeRA beside a linear layer.</summary>
internal sealed class VeraLayer : Adapter
{
    private readonly VeraWeights _weights;
    private readonly Parameter[] _vectors;

    /// <summary>An adapter with given vectors, and handles of its own on the shared projections.</summary>
    public VeraLayer(Module<Tensor, Tensor> target, VeraWeights weights) : base(target)
    {
        _vectors = [Own(weights.B), Own(weights.D)];
        _weights = weights with
        {
            B = _vectors[0],
            D = _vectors[1],
            ProjectionA = weights.ProjectionA.alias().DetachFromDisposeScope(),
            ProjectionB = weights.ProjectionB.alias().DetachFromDisposeScope(),
        };
    }

    public LoraDropout Dropout { get; init; }

    public override string Kind => _weights.Kind;

    public override IEnumerable<Parameter> Parameters => _vectors;

    internal override ScalarType DType => _weights.D.dtype;

    public override AdapterWeights Weights(string module) => _weights with { Module = module };

    public override void Dispose()
    {
        _weights.ProjectionA.Dispose();
        _weights.ProjectionB.Dispose();
        base.Dispose();
    }

    private protected override Tensor Change() => _weights.Change(WeightShape[1]);

    private protected override Tensor Add(Tensor x, Tensor y) => y.add(_weights.Share(x.to(DType), Dropout).to(y.dtype), Multiplier);
}
