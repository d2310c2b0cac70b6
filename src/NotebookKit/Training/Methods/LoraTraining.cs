using NotebookKit.Lora;
using NotebookKit.Lora.Tools;
using NotebookKit.Pipeline;
using TorchSharp.Modules;

namespace NotebookKit.Training.Methods;

/// <summary>Adapters beside the frozen base (Hu et al. 2021); the base is as before once they are off.</summary>
internal sealed class LoraTraining : TrainedWeights
{
    private readonly LoraNetwork _network;

    public LoraTraining(StableDiffusion sd, TrainOptions options) : base(sd, options)
    {
        var textEncoder = options.TextRatio > 0 || options.Lora.Weights is not null ? sd.TextEncoder : null;
        _network = LoraNetwork.Inject(sd.UNet, textEncoder, options.Lora);
        var text = _network.TextParameters.ToHashSet(ReferenceEqualityComparer.Instance);
        var named = _network.Adapters
            .SelectMany(adapter => adapter.Adapter.Parameters.Select((parameter, index) =>
                (Name: $"{adapter.Name}.{index}", Parameter: parameter)))
            .ToLookup(pair => text.Contains(pair.Parameter));
        UNet = [.. named[false]];
        Text = [.. named[true]];
    }

    /// <inheritdoc/>
    private protected override IEnumerable<(IEnumerable<Parameter> Parameters, double Rate)> Rated(IEnumerable<Parameter> parameters,
        double rate)
    {
        var up = _network.UpParameters.ToHashSet(ReferenceEqualityComparer.Instance);
        return Options.Learning.LoraPlusRatio == 1 ? base.Rated(parameters, rate)
            : parameters.GroupBy(up.Contains)
                .Select(group => (Parameters: group.AsEnumerable(), Rate: group.Key ? rate * Options.Learning.LoraPlusRatio : rate));
    }

    /// <inheritdoc/>
    public override void Save(string path, IReadOnlyDictionary<string, string> metadata)
    {
        _network.Save(path, Options.Saving.As, metadata);
        // A second base would double a run's memory at its very end.
        Proof = LoraProof.Of(path, Sd, _network, freshBase: false);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _network.Dispose();
        base.Dispose();
    }
}
