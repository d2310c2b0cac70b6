using NotebookKit.Training.Settings;
using NotebookKit.Lora.Tools;
using NotebookKit.Pipeline;
using NotebookKit.Training.Data;
using NotebookKit.Training.Optimizers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Methods;

/// <summary>What a method moves, and at which rate; everything else is frozen meanwhile. The loop knows no other difference.</summary>
internal abstract class TrainedWeights : IDisposable
{
    private readonly PromptStates _states;
    private IReadOnlyList<OptimizerGroup> _unetGroups = [];
    private IReadOnlyList<OptimizerGroup> _textGroups = [];

    /// <summary>Freezes the whole base.</summary>
    private protected TrainedWeights(StableDiffusion sd, TrainOptions options)
    {
        (Sd, Options) = (sd, options);
        _states = new PromptStates(sd);
        foreach (var parameter in AllOf(sd))
            parameter.requires_grad_(false);
    }

    /// <summary>The trained parameters with the names that a checkpoint keeps them under, the UNet's first.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Named => UNet.Concat(Text);

    /// <summary>What acts in the UNet, at <see cref="LearningSettings.Rate"/>.</summary>
    public IReadOnlyList<(string Name, Parameter Parameter)> UNet { get; private protected init; } = [];

    /// <summary>What acts before the UNet, in the text's meaning, at <see cref="LearningSettings.TextRate"/>.</summary>
    public IReadOnlyList<(string Name, Parameter Parameter)> Text { get; private protected init; } = [];

    /// <summary>The base.</summary>
    private protected StableDiffusion Sd { get; }

    /// <summary>The run's options.</summary>
    private protected TrainOptions Options { get; }

    /// <summary>The weights of a method.</summary>
    public static TrainedWeights Create(StableDiffusion sd, TrainOptions options) => options.Method switch
    {
        TrainMethod.DreamBooth => new FullFineTune(sd, options),
        TrainMethod.TextualInversion => new TextualInversion(sd, options),
        TrainMethod.Imagic => new ImagicTraining(sd, options),
        _ => new LoraTraining(sd, options),
    };

    /// <summary>The chosen optimizer with its usual settings, each part at its own rate.</summary>
    public TrainOptimizer Optimizer()
    {
        if (UNet.Count > 0)
            _unetGroups = [.. Rated(UNet.Select(named => named.Parameter), Options.Learning.Rate!.Value)
                .Select(part => new OptimizerGroup(part.Parameters, part.Rate))];
        if (Text.Count > 0)
            _textGroups = [.. Rated(Text.Select(named => named.Parameter), Options.Learning.TextRate!.Value)
                .Select(part => new OptimizerGroup(part.Parameters, part.Rate, TextDecay))];
        return TrainOptimizers.Create(Options.Learning.Optimizer, [.. _unetGroups, .. _textGroups]);
    }

    /// <summary>Whether the text part learns in an epoch (from 0): in the first share of them that the step ratio says.</summary>
    public virtual bool TextLearns(int epoch) =>
        Text.Count > 0 && epoch < (int)Math.Round(Options.TextRatio * Options.Intervals.Epochs!.Value, MidpointRounding.AwayFromZero);

    /// <summary>Whether the UNet's part learns in an epoch.</summary>
    public virtual bool UNetLearns(int epoch) => true;

    /// <summary>Thaws and freezes what an epoch (from 0) wants.</summary>
    public void BeginEpoch(int epoch)
    {
        foreach (var (_, parameter) in UNet)
            parameter.requires_grad_(UNetLearns(epoch));
        foreach (var (_, parameter) in Text)
            parameter.requires_grad_(TextLearns(epoch));
        foreach (var group in _unetGroups)
            group.Learns = UNetLearns(epoch);
        foreach (var group in _textGroups)
            group.Learns = TextLearns(epoch);
        _states.Frozen = !TextLearns(epoch);
    }

    /// <summary>What the UNet attends to for these prompts: (B, 77, D).</summary>
    public virtual Tensor TextStates(IReadOnlyList<string> prompts) => _states.Of(prompts);

    /// <summary>Computes the text states of all prompts of a run whose text part stands still.</summary>
    public void PrepareTextStates(IEnumerable<string> prompts) => _states.Prepare(prompts);

    /// <summary>What came of loading the last saved LoRA into a fresh base; null for other methods.</summary>
    public LoraProof? Proof { get; private protected set; }

    /// <summary>Whether every trained number is one.</summary>
    public bool AreFinite()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return Named.All(named => named.Parameter.isfinite().all().item<bool>());
    }

    /// <summary>Writes the result. What stood there before is replaced only by a complete one.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="metadata">Notes for a LoRA file.</param>
    public abstract void Save(string path, IReadOnlyDictionary<string, string> metadata);

    /// <summary>Takes off what was attached, and freezes all.</summary>
    public virtual void Dispose()
    {
        _states.Dispose();
        foreach (var parameter in AllOf(Sd))
        {
            parameter.grad = null;
            parameter.requires_grad_(false);
        }
    }

    /// <summary>Parameters in groups of one rate each; a LoRA may have its up weights learn faster.</summary>
    private protected virtual IEnumerable<(IEnumerable<Parameter> Parameters, double Rate)> Rated(IEnumerable<Parameter> parameters,
        double rate) => [(parameters, rate)];

    /// <summary>The weight decay of the text part; 0 where a single word is trained, whose length has a meaning.</summary>
    private protected virtual double TextDecay => 0.01;

    private static IEnumerable<Parameter> AllOf(StableDiffusion sd) =>
        sd.UNet.parameters().Concat(sd.TextEncoder.parameters()).Concat(sd.Vae.parameters());
}
