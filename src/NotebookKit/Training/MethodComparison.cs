using System.Text.Json.Serialization;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Training.Data;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Runs;
using static TorchSharp.torch;

namespace NotebookKit.Training;

/// <summary>A way to teach a subject.</summary>
/// <param name="Method">Textual inversion, LoRA, LoRA Extended or the whole model.</param>
/// <param name="Rank">The rank of a LoRA; for the others it says nothing.</param>
public sealed record MethodWay(TrainMethod Method, int Rank = 8)
{
    /// <summary>Whether the way has a rank.</summary>
    public bool IsLora => Method is TrainMethod.Lora or TrainMethod.LoraExtended;

    /// <summary>"LoRA Extended, rank 8".</summary>
    public override string ToString() => Method switch
    {
        TrainMethod.TextualInversion => "textual inversion",
        TrainMethod.Lora => $"LoRA, rank {Rank}",
        TrainMethod.LoraExtended => $"LoRA Extended, rank {Rank}",
        TrainMethod.DreamBooth => "whole model",
        _ => Method.ToString(),
    };
}

/// <summary>One way to teach a subject, measured.</summary>
/// <param name="Method">The way.</param>
/// <param name="Bytes">What it writes on this base; for the base itself, what the base is.</param>
/// <param name="Trained">Numbers that were trained.</param>
/// <param name="Seconds">Wall time of the training; class images are drawn before.</param>
/// <param name="TensorBytes">The most that tensors hold at once while training, the base included, as <c>kit forecast</c> counts
/// it.</param>
/// <param name="Fidelity">See <see cref="Adaptation.Fidelity"/>.</param>
/// <param name="Drift">See <see cref="Adaptation.Drift"/>.</param>
public sealed record MethodRow(string Method, long Bytes, long Trained, double Seconds, long TensorBytes, double Fidelity, double Drift)
{
    /// <summary>The file or folder that it wrote; null for the base.</summary>
    public string? Output { get; init; }

    /// <summary>What it drew.</summary>
    [JsonIgnore]
    public Adaptation? Drawn { get; init; }
}

/// <summary>What a way writes for Stable Diffusion 1.5.</summary>
/// <param name="What">The way and how its numbers are stored.</param>
/// <param name="Bytes">Of its file.</param>
public sealed record MethodSize(string What, long Bytes);

/// <summary>
/// Textual inversion, LoRA, LoRA Extended and full fine-tuning, at one or several ranks, on the same pictures: what the
/// tutorials compare by hearsay, measured.
/// </summary>
public static class MethodComparison
{
    /// <summary>Trains each way from the same base and measures it.</summary>
    /// <param name="baseFolder">The base; it is loaded anew for each.</param>
    /// <param name="options">Pictures, prompts, epochs; method, rank and output are set here.</param>
    /// <param name="measure">How fidelity and drift are measured.</param>
    /// <param name="ways">What to train.</param>
    /// <param name="workFolder">Where the results are written.</param>
    /// <param name="report">Told each row as it is finished, the base's first.</param>
    /// <param name="progress">Told every training step.</param>
    /// <param name="cancel">Stops between two steps.</param>
    /// <returns>The untouched base, then each way.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was asked to stop.</exception>
    public static IReadOnlyList<MethodRow> Run(
        string baseFolder, TrainOptions options, AdaptationMeasure measure, IReadOnlyList<MethodWay> ways, string workFolder,
        Action<MethodRow>? report = null, IProgress<TrainEvent>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentNullException.ThrowIfNull(ways);
        options = options with
        {
            Concepts = [options.Concepts[0] with
            { ClassDir = options.Concepts[0].ClassDir ?? Path.Combine(workFolder, "class-images") }]
        };
        foreach (var way in ways)
            OptionsFor(options, way, workFolder).Validate();
        var rows = new List<MethodRow>();
        using (var bare = Load(baseFolder))
        {
            ClassImages.Plan((options with { Method = TrainMethod.Lora }).ForBase(bare), bare).Paint(bare, cancel: cancel);
            Add(new MethodRow("the base", BytesOf(baseFolder), 0, 0, 0, 0, 0), measure.Of(bare, cancel));
        }

        foreach (var way in ways)
        {
            cancel.ThrowIfCancellationRequested();
            using var sd = Load(baseFolder);
            var trainer = new DreamBoothTrainer(sd, OptionsFor(options, way, workFolder));
            // The process's own peak tells a miniature's methods hardly apart: .NET and libtorch take most of it.
            var held = MemoryForecast.Of(ModelShape.Of(sd),
                MemoryPlan.Of(trainer.Options, sd.UNet.parameters().First().dtype,
                    sd.Device.type != TorchSharp.DeviceType.CPU)).Bytes.Total;
            var result = trainer.Train(progress, cancel);
            cancel.ThrowIfCancellationRequested();
            using IDisposable? attached = way.Method == TrainMethod.TextualInversion ? TokenEmbedding.Load(result.Output, sd)
                : way.IsLora ? LoraNetwork.Load(result.Output, sd, strict: true)
                : null;
            Add(new MethodRow(way.ToString(), BytesOf(result.Output), TrainedBy(sd, attached), result.Seconds, held, 0,
                0)
            { Output = result.Output }, measure.Of(sd, cancel));
        }

        return rows;

        void Add(MethodRow row, Adaptation drawn)
        {
            rows.Add(row with { Fidelity = drawn.Fidelity, Drift = drawn.Drift, Drawn = drawn });
            report?.Invoke(rows[^1]);
        }
    }

    /// <summary>
    /// What the same ways write for Stable Diffusion 1.5, to the byte and without training anything; the vectors of a word
    /// and the whole models without their headers, which are small.
    /// </summary>
    public static IReadOnlyList<MethodSize> Sd15Sizes()
    {
        var width = (long)Sd15.TextEncoder.HiddenSize;
        long unet = 859_520_964, text = 123_060_480, vae = 83_653_863;
        long Lora(LoraTargets targets, int rank, ScalarType dtype) =>
            LoraSize.Of(Sd15.UNet, Sd15.TextEncoder, new LoraOptions { Rank = rank, Targets = targets }, dtype).FileBytes;
        return
        [
            new("textual inversion, 1 vector, fp32", width * 4), new("textual inversion, 32 vectors, fp32", 32 * width * 4),
            new("LoRA kohya, rank 1, fp16", Lora(LoraTargets.Kohya, 1, ScalarType.Float16)),
            new("LoRA kohya, rank 32, fp16", Lora(LoraTargets.Kohya, 32, ScalarType.Float16)),
            new("LoRA of the extension, rank 32, fp32", Lora(LoraTargets.Extension, 32, ScalarType.Float32)),
            new("LoRA Extended, rank 32, fp32", Lora(LoraTargets.Extended, 32, ScalarType.Float32)),
            new("LoRA kohya, rank 128, fp16", Lora(LoraTargets.Kohya, 128, ScalarType.Float16)),
            new("whole model, fp16", 2 * (unet + text + vae)), new("whole model, fp32", 4 * (unet + text + vae)),
            new("whole model, fp32, with a second UNet (EMA)", 4 * ((2 * unet) + text + vae)),
        ];
    }

    private static TrainOptions OptionsFor(TrainOptions options, MethodWay way, string workFolder) => options with
    {
        Method = way.Method,
        Lora = options.Lora with
        {
            Rank = way.IsLora ? way.Rank : options.Lora.Rank,
            Targets = way.Method == TrainMethod.LoraExtended ? LoraTargets.Extended : options.Lora.Targets ?? LoraTargets.Extension
        },
        Saving = options.Saving with
        {
            Output = Path.Combine(workFolder, way.Method == TrainMethod.DreamBooth ? "whole-model" : way.IsLora
                ? $"{way.Method}-{way.Rank}.safetensors".ToLowerInvariant() : $"{way.Method}.safetensors".ToLowerInvariant())
        },
    };

    private static StableDiffusion Load(string folder) => StableDiffusion.Load(folder, cuda.is_available() ? CUDA : CPU);

    private static long TrainedBy(StableDiffusion sd, IDisposable? attached) => attached switch
    {
        TokenEmbedding word => word.Vectors.NumberOfElements,
        LoraNetwork network => network.Parameters.Sum(parameter => parameter.NumberOfElements),
        _ => sd.UNet.parameters().Sum(parameter => parameter.NumberOfElements),
    };

    private static long BytesOf(string path) => File.Exists(path) ? new FileInfo(path).Length
        : Directory.EnumerateFiles(path, "*.safetensors", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
}
