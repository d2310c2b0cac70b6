using NotebookKit.Models;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>
/// What the run learns from: the subject's pictures and the class images as cached latents, their prompts as cached text
/// states, and the order in which they come.
/// </summary>
internal sealed class TrainData : IDisposable
{
    private readonly StableDiffusion _sd;
    private readonly TrainOptions _options;
    private readonly IReadOnlyList<TrainingPicture> _pictures;
    private readonly LatentCache _instance;
    private readonly PromptStates _states;
    private LatentCache? _class;

    /// <summary>Encodes the subject's pictures and the prompts.</summary>
    /// <param name="sd">The base.</param>
    /// <param name="options">The run's options.</param>
    /// <param name="pictures">The subject's pictures.</param>
    /// <param name="report">Told the number of encoded pictures.</param>
    /// <exception cref="BadInputException">A picture cannot be decoded.</exception>
    public TrainData(StableDiffusion sd, TrainOptions options, IReadOnlyList<TrainingPicture> pictures, Action<int>? report = null)
    {
        _sd = sd;
        _options = options;
        _pictures = pictures;
        _instance = new LatentCache(sd, [.. pictures.Select(picture => picture.Path)], options.Size!.Value, report);
        var prompts = pictures.Select(picture => picture.Prompt);
        _states = new PromptStates(sd, options.ClassPrompt is null ? prompts : prompts.Append(options.ClassPrompt), frozen: !options.TrainTextEncoder);
    }

    /// <summary>Encodes the class images; from here on every batch carries some.</summary>
    /// <param name="files">The class images; none changes nothing.</param>
    /// <param name="report">Told the number of encoded pictures.</param>
    public void AddClassImages(IReadOnlyList<string> files, Action<int>? report = null) =>
        _class = files.Count > 0 ? new LatentCache(_sd, files, _options.Size!.Value, report) : null;

    /// <summary>Whether every batch carries class images in its second half.</summary>
    public bool WithClass => _class is not null;

    /// <summary>Batches in an epoch; the last may be smaller.</summary>
    public int BatchesPerEpoch => (_pictures.Count + BatchSize - 1) / BatchSize;

    private int BatchSize => _options.BatchSize!.Value;

    /// <summary>
    /// The batches of an epoch (from 0): every picture of the subject once, in a fresh order, and beside each one class
    /// image; the class images too come round once before any comes twice.
    /// </summary>
    public IEnumerable<(int[] Instance, int[] Class)> Epoch(int epoch)
    {
        var order = RandomStreams.Permutation(_options.Seed, 0, epoch, _pictures.Count);
        for (var first = 0; first < order.Length; first += BatchSize)
        {
            var instance = order[first..Math.Min(order.Length, first + BatchSize)];
            yield return (instance, [.. instance.Select((_, i) => ClassAt((epoch * (long)order.Length) + first + i))]);
        }
    }

    /// <summary>Latents of a batch, drawn from the VAE's distributions: (B, 4, h, w), the subject's half first.</summary>
    public Tensor Latents((int[] Instance, int[] Class) batch, Generator random)
    {
        var instance = _instance.Sample(batch.Instance, random);
        return (_class is null ? instance : cat([instance, _class.Sample(batch.Class, random)])).to(_sd.Device);
    }

    /// <summary>Text states of a batch: (B, 77, D), the subject's half first.</summary>
    public Tensor TextStates((int[] Instance, int[] Class) batch)
    {
        var instance = batch.Instance.Select(picture => _pictures[picture].Prompt);
        return _states.Of([.. _class is null ? instance : instance.Concat(batch.Class.Select(_ => _options.ClassPrompt!))]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _instance.Dispose();
        _class?.Dispose();
        _states.Dispose();
    }

    private int ClassAt(long position) =>
        _class is null ? 0 : RandomStreams.Permutation(_options.Seed, 1, position / _class.Count, _class.Count)[position % _class.Count];
}
