using NotebookKit.Lora;
using NotebookKit.Models;

namespace NotebookKit.Training;

/// <summary>Adapters beside the frozen base (Hu et al. 2021); the base is as before once they are off.</summary>
internal sealed class LoraTraining : TrainedWeights
{
    private readonly LoraNetwork _network;

    public LoraTraining(StableDiffusion sd, TrainOptions options) : base(sd, options)
    {
        _network = LoraNetwork.Inject(sd.UNet, options.TextRatio > 0 ? sd.TextEncoder : null, new LoraOptions
        {
            Rank = options.Rank,
            Alpha = options.Alpha,
            Targets = options.Targets!,
            Seed = options.Seed,
        });
        var text = _network.TextParameters.ToHashSet(ReferenceEqualityComparer.Instance);
        var named = _network.Adapters
            .SelectMany(adapter => adapter.Adapter.Parameters.Select((parameter, index) => (Name: $"{adapter.Name}.{index}", Parameter: parameter)))
            .ToLookup(pair => text.Contains(pair.Parameter));
        UNet = [.. named[false]];
        Text = [.. named[true]];
    }

    /// <inheritdoc/>
    public override void Save(string path, IReadOnlyDictionary<string, string> metadata) => _network.Save(path, Options.SaveAs, metadata);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _network.Dispose();
        base.Dispose();
    }
}
