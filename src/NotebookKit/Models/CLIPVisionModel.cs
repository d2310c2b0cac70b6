using NotebookKit.Checkpoints;
using NotebookKit.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NotebookKit.Models;

/// <summary>
/// CLIP's image encoder (Radford et al. 2021), a vision transformer, with transformers' names: <c>vision_model.*</c> and,
/// in <c>CLIPVisionModelWithProjection</c> and whole CLIP files, <c>visual_projection.weight</c>.
/// </summary>
public sealed class CLIPVisionModel : Module<Tensor, Tensor>
{
    private readonly CLIPVisionTransformer vision_model;
    private readonly Linear? visual_projection;

    /// <summary>Makes it with random weights.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="projection">Whether it projects to the space that it shares with texts.</param>
    public CLIPVisionModel(CLIPVisionConfig config, bool projection) : base(nameof(CLIPVisionModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        vision_model = new CLIPVisionTransformer(config);
        visual_projection = projection ? Layers.Linear(config.HiddenSize, config.ProjectionDim, hasBias: false) : null;
        RegisterComponents();
    }

    /// <summary>Its shape.</summary>
    public CLIPVisionConfig Config { get; }

    /// <summary>Loads <c>config.json</c> and <c>model.safetensors</c>; of a whole CLIP the text half is left out.</summary>
    /// <param name="folder">A folder as <c>transformers</c> writes it.</param>
    /// <exception cref="BadInputException">A file is missing, malformed, or does not fit the configuration.</exception>
    public static CLIPVisionModel FromPretrained(string folder)
    {
        var config = CLIPVisionConfig.Load(System.IO.Path.Combine(folder, "config.json"));
        var path = System.IO.Path.Combine(folder, WeightFolder.TransformersName);
        using var file = SafetensorsFile.Open(path);
        var model = new CLIPVisionModel(config, file.Header.Tensors.ContainsKey("visual_projection.weight"));
        foreach (var (name, target) in model.state_dict())
        {
            if (!file.Header.Tensors.TryGetValue(name, out var entry))
                throw new BadInputException(
                    $"{path} lacks '{name}', which a CLIP image encoder has; give the folder of a CLIPVisionModel or a whole CLIP.");
            if (!entry.Shape.SequenceEqual(target.shape))
                throw new BadInputException($"{path} holds '{name}' with the shape [{string.Join(", ", entry.Shape)}], but config.json "
                    + $"asks for [{string.Join(", ", target.shape)}]; the two files do not belong together.");
            file.ReadInto(name, target);
        }

        model.eval();
        return model;
    }

    /// <summary>Encodes pictures.</summary>
    /// <param name="pixel_values">(B, 3, S, S), normalised with CLIP's mean and standard deviation.</param>
    /// <returns>The projected vector, (B, P), or without projection the pooled state, (B, D).</returns>
    public override Tensor forward(Tensor pixel_values)
    {
        using var scope = NewDisposeScope();
        var pooled = vision_model.call(pixel_values);
        return (visual_projection is null ? pooled : visual_projection.call(pooled)).MoveToOuterDisposeScope();
    }
}

/// <summary>The transformer of <see cref="CLIPVisionModel"/>.</summary>
public sealed class CLIPVisionTransformer : Module<Tensor, Tensor>
{
    private readonly CLIPVisionEmbeddings embeddings;
    private readonly LayerNorm pre_layrnorm; // transformers' own spelling, which the files keep
    private readonly CLIPEncoder encoder;
    private readonly LayerNorm post_layernorm;

    /// <summary>Makes it with random weights.</summary>
    public CLIPVisionTransformer(CLIPVisionConfig config) : base(nameof(CLIPVisionTransformer))
    {
        ArgumentNullException.ThrowIfNull(config);
        embeddings = new CLIPVisionEmbeddings(config);
        pre_layrnorm = Layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        encoder = new CLIPEncoder(config.Layers);
        post_layernorm = Layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        RegisterComponents();
    }

    /// <summary>The class token's last state, normed.</summary>
    /// <param name="pixel_values">(B, 3, S, S).</param>
    /// <returns>(B, D).</returns>
    public override Tensor forward(Tensor pixel_values)
    {
        using var scope = NewDisposeScope();
        var states = pre_layrnorm.call(embeddings.call(pixel_values)); // (B, 1 + patches, D)
        var everyone = zeros(states.shape[1], states.shape[1], states.dtype, states.device); // pictures have no order: all see all
        var last = encoder.call(states, everyone)[^1];
        return post_layernorm.call(last.select(1, 0)).MoveToOuterDisposeScope();
    }
}

/// <summary>Patches to states: a convolution, a class token before them, a place added to each.</summary>
public sealed class CLIPVisionEmbeddings : Module<Tensor, Tensor>
{
    private readonly Parameter class_embedding;
    private readonly Conv2d patch_embedding;
    private readonly EmbeddingTable position_embedding;

    /// <summary>Makes it with random weights.</summary>
    public CLIPVisionEmbeddings(CLIPVisionConfig config) : base(nameof(CLIPVisionEmbeddings))
    {
        ArgumentNullException.ThrowIfNull(config);
        var side = config.ImageSize / config.PatchSize;
        class_embedding = new Parameter(randn(config.HiddenSize));
        patch_embedding = Layers.Conv2d(3, config.HiddenSize, config.PatchSize, stride: config.PatchSize, bias: false);
        position_embedding = Layers.Embedding((side * side) + 1, config.HiddenSize);
        RegisterComponents();
    }

    /// <summary>Embeds pictures.</summary>
    /// <param name="pixel_values">(B, 3, S, S).</param>
    /// <returns>(B, 1 + patches, D).</returns>
    public override Tensor forward(Tensor pixel_values)
    {
        using var scope = NewDisposeScope();
        var patches = patch_embedding.call(pixel_values).flatten(2).transpose(1, 2); // (B, patches, D)
        var first = class_embedding.view(1, 1, -1).expand(patches.shape[0], -1, -1);
        var states = cat([first, patches], 1);
        var places = arange(0, states.shape[1], ScalarType.Int64, states.device);
        return (states + position_embedding.call(places)).MoveToOuterDisposeScope();
    }
}
