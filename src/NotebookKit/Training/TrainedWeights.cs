using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Training.Optimizers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>What a run moves: the adapters of a LoRA, or the base's own weights. Everything else is frozen meanwhile.</summary>
internal sealed class TrainedWeights : IDisposable
{
    private readonly StableDiffusion _sd;
    private readonly LoraNetwork? _network;

    /// <summary>Freezes the base and attaches a new LoRA, or thaws what a full fine-tune trains.</summary>
    public TrainedWeights(StableDiffusion sd, TrainOptions options)
    {
        _sd = sd;
        foreach (var parameter in AllOf(sd))
            parameter.requires_grad_(false);
        if (options.Method == TrainMethod.Lora)
        {
            _network = LoraNetwork.Inject(sd.UNet, options.TrainTextEncoder ? sd.TextEncoder : null, new LoraOptions
            {
                Rank = options.Rank,
                Alpha = options.Alpha,
                Targets = options.Targets!,
                Seed = options.Seed,
            });
            Text = [.. _network.TextParameters];
            UNet = [.. _network.Parameters.Except(Text)];
            return;
        }

        UNet = [.. sd.UNet.parameters()];
        Text = options.TrainTextEncoder ? [.. sd.TextEncoder.parameters()] : [];
        foreach (var parameter in UNet.Concat(Text))
            parameter.requires_grad_(true);
    }

    /// <summary>The trained parameters that act in the UNet.</summary>
    public IReadOnlyList<Parameter> UNet { get; }

    /// <summary>The trained parameters that act in the text encoder; empty while it is frozen.</summary>
    public IReadOnlyList<Parameter> Text { get; }

    /// <summary>The chosen optimizer with its usual settings, each part at its own rate.</summary>
    public optim.Optimizer Optimizer(TrainOptions options)
    {
        var groups = new List<OptimizerGroup> { new(UNet, options.LearningRate!.Value) };
        if (Text.Count > 0)
            groups.Add(new(Text, options.TextLearningRate!.Value));
        return TrainOptimizers.Create(options.Optimizer, groups);
    }

    /// <summary>Writes the LoRA file, or the whole model's folder. What stood there before is replaced only by a complete result.</summary>
    public void Save(TrainOptions options, IReadOnlyDictionary<string, string> metadata)
    {
        var path = Path.GetFullPath(options.OutputPath);
        if (_network is not null)
        {
            _network.Save(path, options.SaveAs, metadata);
            return;
        }

        var unfinished = path + ".unfinished";
        try
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
            _sd.Save(unfinished, options.SaveAs);
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            Directory.Move(unfinished, path);
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }
    }

    /// <summary>Takes the LoRA off again; a full fine-tune leaves the base trained.</summary>
    public void Dispose()
    {
        _network?.Dispose();
        foreach (var parameter in AllOf(_sd))
        {
            parameter.grad = null;
            parameter.requires_grad_(false);
        }
    }

    private static IEnumerable<Parameter> AllOf(StableDiffusion sd) =>
        sd.UNet.parameters().Concat(sd.TextEncoder.parameters()).Concat(sd.Vae.parameters());
}
