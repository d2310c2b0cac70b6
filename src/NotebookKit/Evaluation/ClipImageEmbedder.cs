using NotebookKit.Images;
using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Evaluation;

/// <summary>
/// CLIP's image encoder as the judge of likeness, for real photos: the paper's CLIP-I. The learner brings its folder
/// (<c>openai/clip-vit-base-patch32</c> or another in the transformers layout).
/// </summary>
public sealed class ClipImageEmbedder : IPictureEmbedder
{
    private const int Batch = 8;

    // The statistics of CLIP's training pictures, from its preprocessor_config.json.
    private static readonly float[] Mean = [0.48145466f, 0.4578275f, 0.40821073f];
    private static readonly float[] Std = [0.26862954f, 0.26130258f, 0.27577711f];
    private readonly CLIPVisionModel _model;

    /// <summary>Loads the encoder.</summary>
    /// <param name="folder">A CLIPVisionModel's or a whole CLIP's folder.</param>
    /// <exception cref="BadInputException">A file is missing or malformed.</exception>
    public ClipImageEmbedder(string folder)
    {
        _model = CLIPVisionModel.FromPretrained(folder);
    }

    /// <inheritdoc/>
    public string Name => "CLIP";

    /// <inheritdoc/>
    public Tensor Embed(IReadOnlyList<RgbImage> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (mean, std) = (tensor(Mean).view(1, 3, 1, 1), tensor(Std).view(1, 3, 1, 1));
        List<Tensor> vectors = [];
        for (var first = 0; first < pictures.Count; first += Batch)
        {
            var images = stack([.. pictures.Skip(first).Take(Batch)
                .Select(p => ImageTensor.ToTensor(p.ResizeAndCenterCrop(_model.Config.ImageSize)))], 0);
            vectors.Add(nn.functional.normalize(_model.call((((images + 1) / 2) - mean) / std), dim: 1));
        }

        return cat([.. vectors], 0).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => _model.Dispose();
}
