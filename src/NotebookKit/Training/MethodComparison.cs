using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Models;
using NotebookKit.Torch;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>One way to teach a subject, measured.</summary>
/// <param name="Method">The way.</param>
/// <param name="Bytes">What it writes on this base; 0 for the base itself.</param>
/// <param name="Trained">Numbers that were trained.</param>
/// <param name="Seconds">Wall time of the training, class images included.</param>
/// <param name="TensorBytes">The most that tensors held at once while training, the base included.</param>
/// <param name="SubjectLoss">See <see cref="Adaptation.SubjectLoss"/>.</param>
/// <param name="Drift">See <see cref="Adaptation.Drift"/>.</param>
public sealed record MethodRow(string Method, long Bytes, long Trained, double Seconds, long TensorBytes, double SubjectLoss, double Drift);

/// <summary>
/// Textual inversion, LoRA at one or several ranks, and full fine-tuning, on the same pictures: what the tutorials compare
/// by hearsay, measured.
/// </summary>
public static class MethodComparison
{
    /// <summary>Trains each way from the same base and measures it.</summary>
    /// <param name="baseFolder">The base; it is loaded anew for each.</param>
    /// <param name="options">Pictures, prompts, epochs; method, rank and output are set here.</param>
    /// <param name="heldOut">Pictures of the subject that are not trained on, and their prompts.</param>
    /// <param name="ways">Which: a method and, for LoRA, a rank.</param>
    /// <param name="workFolder">Where the results are written.</param>
    /// <param name="report">Told which way begins.</param>
    /// <param name="cancel">Stops between two steps.</param>
    /// <returns>The untouched base, then each way.</returns>
    public static IReadOnlyList<MethodRow> Run(
        string baseFolder, TrainOptions options, IReadOnlyList<(string Path, string Prompt)> heldOut, IReadOnlyList<(TrainMethod Method, int Rank)> ways, string workFolder, Action<string>? report = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(ways);
        var classPrompt = options.ClassPrompt ?? throw new BadInputException("The comparison needs a class prompt: drift is measured under it.");
        var pictures = heldOut.Select(picture => (RgbImage.Load(picture.Path), picture.Prompt)).ToList();
        var rows = new List<MethodRow>();
        foreach (var (method, rank) in ways)
        {
            cancel.ThrowIfCancellationRequested();
            var name = method is TrainMethod.Lora or TrainMethod.LoraExtended ? $"{method}, rank {rank}" : method.ToString();
            report?.Invoke(name);
            using var sd = StableDiffusion.Load(baseFolder, cuda.is_available() ? CUDA : CPU);
            using var measure = new AdaptationMeasure(sd, pictures, classPrompt);
            if (rows.Count == 0)
                rows.Add(Row("the base", 0, 0, 0, 0, measure.Of(sd)));
            var output = Path.Combine(workFolder, $"{method}-{rank}{(method == TrainMethod.DreamBooth ? "" : ".safetensors")}".ToLowerInvariant());
            TorchExtras.ResetPeakMemory(sd.Device);
            var result = new DreamBoothTrainer(sd, options with { Method = method, Rank = rank, Output = output, ClassDir = options.ClassDir ?? Path.Combine(workFolder, "class-images") }).Train(null, cancel);
            var peak = TorchExtras.TensorBytes(sd.Device)?.Peak ?? 0;
            using IDisposable? attached = method switch
            {
                TrainMethod.TextualInversion => TokenEmbedding.Load(output, sd),
                TrainMethod.DreamBooth => null,
                _ => LoraNetwork.Load(output, sd, strict: true),
            };
            rows.Add(Row(name, BytesOf(output), TrainedBy(method, sd, attached), result.Seconds, peak, measure.Of(sd)));
        }

        return rows;
    }

    /// <summary>What the same ways write for Stable Diffusion 1.5, in bytes, without training anything.</summary>
    public static IReadOnlyList<(string What, long Bytes)> Sd15Sizes()
    {
        var width = (long)Sd15.TextEncoder.HiddenSize;
        long unet = 859_520_964, text = 123_060_480, vae = 83_653_863;
        long Lora(LoraTargets targets, int rank, ScalarType dtype) => LoraSize.Of(Sd15.UNet, Sd15.TextEncoder, new LoraOptions { Rank = rank, Targets = targets }, dtype).FileBytes;
        return
        [
            ("textual inversion, 1 vector, fp32", width * 4), ("textual inversion, 32 vectors, fp32", 32 * width * 4),
            ("LoRA kohya, rank 1, fp16", Lora(LoraTargets.Kohya, 1, ScalarType.Float16)), ("LoRA kohya, rank 32, fp16", Lora(LoraTargets.Kohya, 32, ScalarType.Float16)),
            ("LoRA of the extension, rank 32, fp32", Lora(LoraTargets.Extension, 32, ScalarType.Float32)), ("LoRA Extended, rank 32, fp32", Lora(LoraTargets.Extended, 32, ScalarType.Float32)),
            ("LoRA kohya, rank 128, fp16", Lora(LoraTargets.Kohya, 128, ScalarType.Float16)),
            ("whole model, fp16", 2 * (unet + text + vae)), ("whole model, fp32", 4 * (unet + text + vae)), ("whole model, fp32, with a second UNet (EMA)", 4 * ((2 * unet) + text + vae)),
        ];
    }

    private static MethodRow Row(string name, long bytes, long trained, double seconds, long memory, Adaptation adaptation) =>
        new(name, bytes, trained, seconds, memory, adaptation.SubjectLoss, adaptation.Drift);

    private static long TrainedBy(TrainMethod method, StableDiffusion sd, IDisposable? attached) => attached switch
    {
        TokenEmbedding word => word.Vectors.NumberOfElements,
        LoraNetwork network => network.Parameters.Sum(parameter => parameter.NumberOfElements),
        _ => method == TrainMethod.DreamBooth ? sd.UNet.parameters().Sum(parameter => parameter.NumberOfElements) : 0,
    };

    private static long BytesOf(string path) => File.Exists(path) ? new FileInfo(path).Length
        : Directory.EnumerateFiles(path, "*.safetensors", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
}
