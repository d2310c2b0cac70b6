using NotebookKit.Pipeline;

namespace NotebookKit.Training.Methods;

/// <summary>Every weight of the UNet, and of the text encoder for the first part of the run; leaves the base trained.</summary>
internal sealed class FullFineTune : TrainedWeights
{
    public FullFineTune(StableDiffusion sd, TrainOptions options) : base(sd, options)
    {
        TrainedBases.Add(sd);
        UNet = [.. sd.UNet.named_parameters().Select(named => ("unet." + named.name, named.parameter))];
        Text = options.TextRatio > 0
            ? [.. sd.TextEncoder.named_parameters().Select(named => ("text_encoder." + named.name, named.parameter))] : [];
    }

    /// <inheritdoc/>
    public override void Save(string path, IReadOnlyDictionary<string, string> metadata) =>
        ModelFolder.Replace(Sd, path, Options.Saving.As);
}
