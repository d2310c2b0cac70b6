using NotebookKit.Images;
using NotebookKit.Models;
using NotebookKit.Pipeline.Ldm;
using NotebookKit.Schedulers;
using NotebookKit.Tensors;
using NotebookKit.Text;
using static TorchSharp.torch;

namespace NotebookKit.Pipeline;

/// <summary>
/// Stable Diffusion (Rombach et al. 2022): the text encoder, the UNet, the VAE and the tokenizer, as a folder in the
/// diffusers layout holds them. The miniature model and SD 1.5 differ only in that folder.
/// </summary>
public sealed class StableDiffusion : IDisposable
{
    private readonly Lazy<string?> _hash;

    /// <summary>Puts a model together from its parts, which it then owns.</summary>
    /// <param name="unet">Predicts the noise.</param>
    /// <param name="vae">Pictures to latents and back.</param>
    /// <param name="textEncoder">Tokens to text states.</param>
    /// <param name="tokenizer">Prompts to tokens.</param>
    /// <param name="schedulerConfig">The noise that the UNet was trained on.</param>
    /// <param name="folder">Where the model was loaded from; empty for one made in memory.</param>
    /// <exception cref="BadInputException">The parts do not fit each other.</exception>
    public StableDiffusion(
        UNet2DConditionModel unet, AutoencoderKL vae, CLIPTextModel textEncoder,
        ClipTokenizer tokenizer, SchedulerConfig schedulerConfig, string folder = "")
    {
        (UNet, Vae, TextEncoder) = (unet, vae, textEncoder);
        (Tokenizer, SchedulerConfig, Folder) = (tokenizer, schedulerConfig, folder);
        _hash = new Lazy<string?>(() => folder.Length > 0 ? ModelHash.Of(folder) : null);
        var (states, width) = (textEncoder.Config.HiddenSize, unet.Config.CrossAttentionDim);
        if (states != width)
            throw new BadInputException($"The text encoder's hidden_size {states} is not the UNet's cross_attention_dim {width}; the "
                + "parts do not belong together.");
        if (vae.Config.LatentChannels != unet.Config.InChannels || unet.Config.OutChannels != unet.Config.InChannels)
            throw new BadInputException($"The VAE's latent_channels {vae.Config.LatentChannels} is not the UNet's in_channels "
                + $"{unet.Config.InChannels} and out_channels {unet.Config.OutChannels}; inpainting and other variants do not load.");
        if (tokenizer.VocabularySize > textEncoder.Config.VocabSize)
            throw new BadInputException($"The tokenizer has {tokenizer.VocabularySize} tokens, the text encoder's vocab_size is "
                + $"{textEncoder.Config.VocabSize}; the parts do not belong together.");
    }

    /// <summary>The network that predicts the noise.</summary>
    public UNet2DConditionModel UNet { get; }

    /// <summary>The autoencoder between pictures and latents.</summary>
    public AutoencoderKL Vae { get; }

    /// <summary>The network that reads the prompt.</summary>
    public CLIPTextModel TextEncoder { get; }

    /// <summary>Prompts to tokens.</summary>
    public ClipTokenizer Tokenizer { get; }

    /// <summary>The noise that the UNet was trained on.</summary>
    public SchedulerConfig SchedulerConfig { get; }

    /// <summary>Where the model was loaded from; empty for one made in memory.</summary>
    public string Folder { get; }

    /// <summary>The model's name: that of its folder or file; empty for one made in memory.</summary>
    public string Name => ModelSource.NameOf(Folder);

    /// <summary>
    /// The short hash by which the web UI knows a model: ten digits of the SHA-256 of its file (of the UNet's, for a
    /// folder). Read once, when first asked for; null for a model made in memory.
    /// </summary>
    public string? Hash => _hash.Value;

    /// <summary>Where the UNet's weights are.</summary>
    public Device Device => UNet.parameters().First().device;

    /// <summary>Height and width in pixels of the pictures that the model was trained on.</summary>
    public int SampleSize => (UNet.Config.SampleSize ?? 64) * Vae.Config.Factor;

    /// <summary>
    /// Loads a model: a folder in the diffusers layout, a single <c>.safetensors</c> or <c>.ckpt</c> file as the web UI
    /// reads it, or a model's name on the hub (<c>runwayml/stable-diffusion-v1-5</c>), which is downloaded once.
    /// </summary>
    /// <param name="source">The folder, the file, or the name.</param>
    /// <param name="device">Where the weights go; the CPU when null.</param>
    /// <param name="dtype">Type of the weights.</param>
    /// <param name="options">Which revision and variant, averaged weights, and where the download tells its progress.</param>
    /// <param name="cancel">Stops a download, which a later call continues.</param>
    /// <returns>The model, in evaluation mode.</returns>
    /// <exception cref="BadInputException">A part is missing, malformed, or does not fit the others; the sentence names it.</exception>
    public static StableDiffusion Load(
        string source, Device? device = null, ScalarType dtype = ScalarType.Float32, LoadOptions? options = null,
        CancellationToken cancel = default)
    {
        TorchLibrary.Load();
        options ??= new LoadOptions();
        var path = ModelSource.Resolve(source, options, cancel);
        return File.Exists(path) ? LdmLoader.Load(path, device, dtype, options.UseEma)
            : StableDiffusionFolder.Load(path, device, dtype, options.Variant);
    }

    /// <summary>
    /// Writes the model: as one file for the web UI where the name ends in <c>.safetensors</c> or <c>.ckpt</c>, else as a
    /// folder for diffusers.
    /// </summary>
    /// <param name="path">The file or folder; made when missing.</param>
    /// <param name="dtype">Type to store the weights in.</param>
    public void Save(string path, ScalarType dtype)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (LdmWriter.IsFile(path))
            LdmWriter.Save(this, path, dtype);
        else
            StableDiffusionFolder.Save(this, path, dtype);
    }

    /// <summary>Encodes prompts for the UNet. Gradients flow, where they are on.</summary>
    /// <param name="prompts">B prompts; what goes beyond 77 tokens is cut.</param>
    /// <returns>(B, 77, D).</returns>
    public Tensor EncodePrompts(IReadOnlyList<string> prompts)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        using var scope = NewDisposeScope();
        var ids = prompts.SelectMany(prompt => Tokenizer.EncodePadded(prompt)).Select(id => (long)id).ToArray();
        var input_ids = tensor(ids).view(prompts.Count, ClipTokenizer.ModelMaxLength).to(TextEncoder.parameters().First().device);
        return TextEncoder.call(input_ids).LastHiddenState.MoveToOuterDisposeScope();
    }

    /// <summary>Encodes pictures to latents as the UNet is trained on them.</summary>
    /// <param name="images">(B, 3, H, W) in [-1, 1].</param>
    /// <param name="generator">Draws from the VAE's distribution; null takes its mean.</param>
    /// <returns>(B, 4, h, w), scaled.</returns>
    public Tensor EncodeImages(Tensor images, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var scope = NewDisposeScope();
        var parameter = Vae.parameters().First();
        var latents = Vae.Encode(images.to(parameter.dtype, parameter.device));
        return Vae.Config.Scaled(generator is null ? latents.Mode : latents.Sample(generator)).MoveToOuterDisposeScope();
    }

    /// <summary>Decodes scaled latents to pictures.</summary>
    /// <param name="latents">(B, 4, h, w), scaled, as <see cref="EncodeImages"/> gives and the UNet knows them.</param>
    /// <param name="cancel">Stops between two pictures.</param>
    /// <returns>B pictures.</returns>
    /// <exception cref="NotFiniteException">The VAE makes no finite picture of finite latents.</exception>
    public IReadOnlyList<RgbImage> DecodeLatents(Tensor latents, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(latents);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var unscaled = Vae.Config.Unscaled(latents.to(Vae.parameters().First().dtype));
        var pictures = new List<RgbImage>();
        // One at a time: at full resolution the decoder is what needs most memory.
        for (var i = 0L; i < latents.shape[0]; i++)
        {
            cancel.ThrowIfCancellationRequested();
            using var each = NewDisposeScope();
            var decoded = Vae.Decode(unscaled.narrow(0, i, 1)).squeeze(0);
            if (!decoded.isfinite().all().item<bool>() && unscaled.narrow(0, i, 1).isfinite().all().item<bool>())
                throw new NotFiniteException("the VAE",
                    "kit inspect tells whether its weights are; in float16, which some VAEs overflow, take float32 or bfloat16");
            pictures.Add(ImageTensor.FromTensor(decoded));
        }

        return pictures;
    }

    /// <summary>Draws pictures, from noise or from a picture.</summary>
    /// <param name="options">What to draw.</param>
    /// <param name="progress">Hears of every step, on the calling thread, and can ask for a preview.</param>
    /// <param name="cancel">Stops between two steps.</param>
    /// <returns>The pictures, in the order of their seeds.</returns>
    /// <exception cref="BadInputException">The prompt is empty, or a number is out of range.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was asked to stop.</exception>
    public IReadOnlyList<RgbImage> Sample(SampleOptions options, IProgress<StepProgress>? progress = null,
        CancellationToken cancel = default) =>
        new Sampler(this, options, progress, cancel).Run();

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        UNet.Dispose();
        Vae.Dispose();
        TextEncoder.Dispose();
    }
}
