using System.Globalization;
using NotebookKit.Images;
using NotebookKit.Schedulers;
using NotebookKit.Text;

namespace NotebookKit.Pipeline;

/// <summary>What <see cref="StableDiffusion.Sample"/> is to draw: from noise, or from a picture where <see cref="InitImage"/> is
/// given.</summary>
public sealed record SampleOptions
{
    /// <summary>Widths and heights are multiples of this many pixels.</summary>
    public const int SizeStep = 8;

    /// <summary>The largest width and height in pixels.</summary>
    public const int LargestSize = 4096;

    /// <summary>
    /// What the picture shows, in the web UI's language: weights (<see cref="PromptAttention"/>), changes
    /// (<see cref="PromptSchedule"/>), <c>AND</c> (<see cref="SubPrompt"/>), <c>BREAK</c> and any length (<see cref="PromptChunk"/>).
    /// </summary>
    public required string Prompt { get; init; }

    /// <summary>What the picture is led away from; empty for the usual guidance away from "no prompt".</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>What weights such as <c>(rabbit:1.2)</c> do to the text states.</summary>
    public Emphasis Emphasis { get; init; }

    /// <summary>Which of the text encoder's layers is listened to: 1 the last, 2 the one before it, and so on.</summary>
    public int ClipSkip { get; init; } = 1;

    /// <summary>Sampling steps, 1 to 1000.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>
    /// How strongly the prediction is pushed from the unprompted towards the prompted one (classifier-free guidance, Ho
    /// and Salimans 2022); 1 or less: not at all, in half the time.
    /// </summary>
    public double GuidanceScale { get; init; } = 7.5;

    /// <summary>The first picture's seed; the i-th has <c>Seed + i</c>, so that a picture does not depend on how many are drawn.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many pictures.</summary>
    public int Count { get; init; } = 1;

    /// <summary>
    /// How many share a batch; null for one on a CPU, for up to four where a miniature draws small pictures on several cores, and
    /// on a GPU for about as many latents as one picture of 512×512 has.
    /// One in a batch is the same to the bit however many are drawn; several share their sums, which may move a pixel by
    /// one grey level.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>Width in pixels, a multiple of 8; null for that of <see cref="InitImage"/>, or else the one the model was trained
    /// on.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels, as <see cref="Width"/>.</summary>
    public int? Height { get; init; }

    /// <summary>Sets <see cref="Width"/> and <see cref="Height"/> alike.</summary>
    public int? Size { init => (Width, Height) = (value, value); }

    /// <summary>The sampler: one of <see cref="Schedulers.Scheduler.Names"/>.</summary>
    public string Scheduler { get; init; } = "ddim";

    /// <summary>DDIM: how much of each step's noise is drawn afresh, 0 to 1 (Song et al. 2020, equation 16).</summary>
    public double Eta { get; init; }

    /// <summary>
    /// The picture to start from (SDEdit, Meng et al. 2021; "img2img"): resized to cover width and height, the middle cut
    /// out. Null to start from noise.
    /// </summary>
    public RgbImage? InitImage { get; init; }

    /// <summary>How far <see cref="InitImage"/> is noised, 0 to 1: at 0 it only passes through the VAE, at 1 little of it is left. That
    /// share of the steps is run.</summary>
    public double Strength { get; init; } = 0.75;

    /// <summary>The settings of one picture as the web UI writes them into its PNG file.</summary>
    /// <param name="model">The model that draws it.</param>
    /// <param name="picture">Which of the pictures, from 0.</param>
    /// <returns>What <see cref="RgbImage.SavePng"/> takes.</returns>
    /// <exception cref="BadInputException">The options are not possible with this model.</exception>
    public GenerationParameters ParametersOf(StableDiffusion model, int picture = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (width, height) = SizeFor(model);
        var settings = new List<KeyValuePair<string, string>>();
        Add("Steps", Steps);
        Add("Sampler", SamplerName.Find(Scheduler).Label);
        Add("CFG scale", GuidanceScale);
        Add("Seed", Seed + (ulong)picture);
        Add("Size", $"{width}x{height}");
        if (model.Hash is { } hash)
            Add("Model hash", hash);
        if (model.Name.Length > 0)
            Add("Model", model.Name);
        if (InitImage is not null)
            Add("Denoising strength", Strength);
        if (ClipSkip > 1)
            Add("Clip skip", ClipSkip);
        if (Emphasis != Emphasis.Original)
            Add("Emphasis", Emphasis == Emphasis.NoNorm ? "No norm" : Emphasis.ToString());
        if (Eta > 0)
            Add("Eta", Eta);
        return new GenerationParameters { Prompt = Prompt, NegativePrompt = NegativePrompt, Settings = settings };

        void Add(string name, IConvertible value) => settings.Add(KeyValuePair.Create(name, value.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>The size to draw in pixels.</summary>
    /// <exception cref="BadInputException">The size asked for is no multiple of 8, or out of range.</exception>
    internal (int Width, int Height) SizeFor(StableDiffusion model)
    {
        // Larger than 8 only for a VAE of five levels or more.
        var step = Math.Max(SizeStep, model.Vae.Config.Factor);
        return (Checked("width", Width ?? Down(InitImage?.Width) ?? model.SampleSize),
            Checked("height", Height ?? Down(InitImage?.Height) ?? model.SampleSize));

        int? Down(int? pixels) => pixels is { } given ? Math.Clamp(given / step * step, step, LargestSize) : null;

        int Checked(string side, int pixels)
        {
            if (pixels >= step && pixels <= LargestSize && pixels % step == 0)
                return pixels;
            var below = Math.Clamp(pixels / step * step, step, LargestSize);
            var nearest = pixels < step || pixels > LargestSize ? $"{below}" : $"{below} or {below + step}";
            throw new BadInputException($"A {side} of {pixels} pixels is not possible: it must be a multiple of {step} up to "
                + $"{LargestSize}; the nearest is {nearest}.");
        }
    }

    /// <summary>Refuses what no model can draw.</summary>
    /// <exception cref="BadInputException">A number is out of range, or the prompt is empty.</exception>
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(Prompt))
            throw new BadInputException("The prompt is empty; say what the picture is to show.");
        if (Steps is < 1 or > 1000)
            throw new BadInputException($"{Steps} sampling steps are not possible; take 1 to 1000.");
        if (Count is < 1 or > 10_000)
            throw new BadInputException($"{Count} pictures are not possible; take 1 to 10000.");
        if (BatchSize is < 1)
            throw new BadInputException($"{BatchSize} pictures at once are not possible; take at least 1.");
        if (!double.IsFinite(GuidanceScale))
            throw new BadInputException("The guidance scale must be a finite number, such as 7.5.");
        if (!(Strength is >= 0 and <= 1))
            throw new BadInputException(string.Create(CultureInfo.InvariantCulture,
                $"A strength of {Strength} is not possible; take 0 (the picture as it is) to 1 (drawn anew)."));
        if (!(Eta is >= 0 and <= 1))
            throw new BadInputException(string.Create(CultureInfo.InvariantCulture,
                $"An eta of {Eta} is not possible; take 0 (no fresh noise) to 1 (as much as DDPM)."));
    }
}
