using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Evaluation;

/// <summary>The probe's network: five convolutions, one head for each attribute that is read, one for the vector.</summary>
public sealed class ProbeNetwork : Module<Tensor, ProbeOutput>
{
    private readonly ModuleList<Conv2d> convs;
    private readonly ModuleList<GroupNorm> norms;
    private readonly Linear class_head;
    private readonly Linear colour_head;
    private readonly Linear background_head;
    private readonly Linear style_head;
    private readonly Linear embedding_head;

    /// <summary>Makes it with random weights.</summary>
    /// <param name="config">Its shape.</param>
    public ProbeNetwork(ProbeConfig config) : base(nameof(ProbeNetwork))
    {
        ArgumentNullException.ThrowIfNull(config);
        convs = ModuleList<Conv2d>([.. config.Channels.Select((width, i) =>
            Layers.Conv2d(i == 0 ? 3 : config.Channels[i - 1], width, 3, stride: i == 3 ? 1 : 2, padding: 1))]);
        norms = ModuleList<GroupNorm>([.. config.Channels.Select(width => Layers.GroupNorm(config.NormNumGroups, width))]);
        var features = 2 * config.Channels[^1];
        class_head = Layers.Linear(features, config.Classes.Count);
        colour_head = Layers.Linear(features, config.Colours.Count);
        background_head = Layers.Linear(features, config.Backgrounds.Count);
        style_head = Layers.Linear(features, config.Styles.Count);
        embedding_head = Layers.Linear(features, config.EmbeddingDim);
        RegisterComponents();
    }

    /// <summary>The heads that read attributes: all but the convolutions and the vector's head.</summary>
    public IEnumerable<(string Name, Parameter Value)> ReadingParameters() =>
        named_parameters().Where(p => p.name.Contains("_head", StringComparison.Ordinal)
            && !p.name.StartsWith(nameof(embedding_head), StringComparison.Ordinal));

    /// <summary>Looks at pictures.</summary>
    /// <param name="images">(B, 3, S, S) in [-1, 1].</param>
    public override ProbeOutput forward(Tensor images)
    {
        using var features = Features(images);
        return Read(features);
    }

    /// <summary>What the convolutions see: each channel's mean and its highest value.</summary>
    /// <param name="images">(B, 3, S, S) in [-1, 1].</param>
    /// <returns>(B, 2·C).</returns>
    public Tensor Features(Tensor images)
    {
        using var scope = NewDisposeScope();
        var x = images;
        for (var i = 0; i < convs.Count; i++)
            x = functional.silu(norms[i].call(convs[i].call(x)));
        return cat([x.mean([2, 3]), x.amax([2, 3])], 1).MoveToOuterDisposeScope(); // (B, 2·C)
    }

    /// <summary>What the heads make of it.</summary>
    /// <param name="features">(B, 2·C), of <see cref="Features"/>.</param>
    public ProbeOutput Read(Tensor features) => new(class_head.call(features), colour_head.call(features), background_head.call(features),
        style_head.call(features), functional.normalize(embedding_head.call(features), dim: 1));
}

/// <summary>What the probe's network gives for B pictures.</summary>
/// <param name="Class">Logits, (B, classes).</param>
/// <param name="Colour">Logits, (B, colours).</param>
/// <param name="Background">Logits, (B, backgrounds).</param>
/// <param name="Style">Logits, (B, styles).</param>
/// <param name="Embedding">Vectors of unit length, (B, D).</param>
public sealed record ProbeOutput(Tensor Class, Tensor Colour, Tensor Background, Tensor Style, Tensor Embedding);
