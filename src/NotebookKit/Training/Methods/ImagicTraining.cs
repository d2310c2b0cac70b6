using NotebookKit.Checkpoints;
using NotebookKit.Pipeline;
using NotebookKit.Training.Concepts;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NotebookKit.Training.Methods;

/// <summary>
/// Imagic (Kawar et al. 2022, section 3.2): in the first half of the run the target prompt's text states move until they
/// describe the picture, in the second half the UNet learns to draw it from them. <see cref="Imagic"/> leads it back.
/// </summary>
internal sealed class ImagicTraining : TrainedWeights
{
    private readonly Parameter _embedding;
    private readonly Tensor _target;

    public ImagicTraining(StableDiffusion sd, TrainOptions options) : base(sd, options)
    {
        TrainedBases.Add(sd);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        _target = sd.EncodePrompts([TrainingPicture.Read(options)[0].Prompt]).DetachFromDisposeScope(); // (1, 77, D)
        _embedding = new Parameter(_target.clone(), requires_grad: true);
        _embedding.DetachFromDisposeScope();
        UNet = [.. sd.UNet.named_parameters().Select(named => ("unet." + named.name, named.parameter))];
        Text = [("imagic.embedding", _embedding)];
    }

    /// <inheritdoc/>
    public override bool TextLearns(int epoch) => epoch < Options.Epochs!.Value;

    /// <inheritdoc/>
    public override bool UNetLearns(int epoch) => !TextLearns(epoch);

    /// <inheritdoc/>
    private protected override double TextDecay => 0;

    /// <inheritdoc/>
    public override Tensor TextStates(IReadOnlyList<string> prompts) => _embedding.expand(prompts.Count, -1, -1).clone();

    /// <inheritdoc/>
    public override void Save(string path, IReadOnlyDictionary<string, string> metadata) =>
        ModelFolder.Replace(Sd, path, Options.SaveAs, folder => Safetensors.Save(
            Path.Combine(folder, Imagic.FileName),
            new Dictionary<string, Tensor> { ["target"] = _target.cpu(), ["optimized"] = _embedding.detach().cpu() },
            metadata));

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _embedding.Dispose();
        _target.Dispose();
    }
}
