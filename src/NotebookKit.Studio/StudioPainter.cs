using System.Globalization;
using NotebookKit.Images;
using NotebookKit.Lora;
using NotebookKit.Pipeline;
using NotebookKit.Schedulers;
using NotebookKit.Training;

namespace NotebookKit.Studio;

/// <summary>Draws pictures with what was trained: with LoRAs at their strengths, a learned word, or a model that a full fine-tune
/// made; one prompt at a time, or a grid over two settings. Each picture's settings stand in its PNG.</summary>
internal sealed class StudioPainter(StudioSession session)
{
    private const int MostCells = 36, MostSteps = 150, MostPictures = 8, LongestPrompt = 2000;
    private const double Strongest = 1.5;

    private static readonly string[] Axes = ["strength", "guidance", "seed", "steps", "sampler"];

    /// <summary>Draws what a page asks for.</summary>
    /// <exception cref="BadInputException">It cannot be drawn, or something else goes on.</exception>
    public async Task<PicturesDrawn> DrawAsync(PictureAsked asked, CancellationToken cancel)
    {
        Check(asked);
        var sd = session.Base.Take();
        try
        {
            return await Task.Run(() => Draw(sd, asked, cancel), cancel);
        }
        finally
        {
            session.Base.Release();
        }
    }

    private static void Check(PictureAsked asked)
    {
        if (asked.Prompt is null || asked.Prompt.Length > LongestPrompt || asked.NegativePrompt is { Length: > LongestPrompt })
            throw new BadInputException($"A prompt of the studio has 1 to {LongestPrompt} letters.");
        if (asked.Steps is < 1 or > MostSteps)
            throw new BadInputException($"{asked.Steps} sampling steps are not possible here; take 1 to {MostSteps}.");
        if (asked.Count is < 1 or > MostPictures)
            throw new BadInputException($"{asked.Count} pictures at once are not possible here; take 1 to {MostPictures}.");
        if ((asked.Networks ?? []).Find(network => !(network.Strength is >= 0 and <= Strongest)) is { } wrong)
            throw new BadInputException(string.Create(CultureInfo.InvariantCulture,
                $"The strength of {wrong.Run} must be from 0 to {Strongest}, not {wrong.Strength}."));
        foreach (var axis in new[] { asked.Across, asked.Down }.OfType<GridAxis>())
        {
            if (!Axes.Contains(axis.Setting))
                throw new BadInputException($"A grid has no axis '{axis.Setting}'; it has {string.Join(", ", Axes)}.");
            if (axis.Values is not { Count: > 0 })
                throw new BadInputException($"The grid's axis {axis.Setting} has no values; give them with commas between.");
        }

        if ((asked.Across?.Values.Count ?? 1) * (asked.Down?.Values.Count ?? 1) > MostCells)
            throw new BadInputException($"The grid has more than {MostCells} cells; give fewer values.");
        if (asked.Across is not null && asked.Across.Setting == asked.Down?.Setting)
            throw new BadInputException($"Both axes of the grid are {asked.Across.Setting}; take another for one of them.");
    }

    private PicturesDrawn Draw(StableDiffusion sd, PictureAsked asked, CancellationToken cancel)
    {
        using var trained = asked.Model is { Length: > 0 } model ? Whole(model, cancel) : null;
        var used = trained ?? sd;
        var networks = new List<(string Run, double Strength, LoraNetwork Network)>();
        var words = new List<TokenEmbedding>();
        try
        {
            foreach (var (run, strength) in asked.Networks ?? [])
            {
                var of = session.History.Of(run);
                if (of.Card.Settings.Method == TrainMethod.TextualInversion)
                    words.Add(TokenEmbedding.Load(of.Output, used));
                else
                    networks.Add((run, strength, LoraNetwork.Load(of.Output, used, strength)));
            }

            return Draw(used, asked, networks, cancel);
        }
        finally
        {
            networks.ForEach(one => one.Network.Dispose());
            words.ForEach(word => word.Dispose());
        }
    }

    private static PicturesDrawn Draw(StableDiffusion sd, PictureAsked asked,
        List<(string Run, double Strength, LoraNetwork Network)> networks, CancellationToken cancel)
    {
        var cells = new List<PictureCell>();
        foreach (var down in asked.Down?.Values ?? [""])
        {
            foreach (var across in asked.Across?.Values ?? [""])
            {
                var (options, factor) = With(asked.Down?.Setting, down,
                    With(asked.Across?.Setting, across, (Options(asked), (double?)null)));
                networks.ForEach(one => one.Network.Multiplier = factor ?? one.Strength);
                var drawn = sd.Sample(options, cancel: cancel);
                cells.Add(new PictureCell(across, down, [.. drawn.Select((picture, i) => Png(picture, i, options, factor))]));
            }
        }

        return new PicturesDrawn(asked.Across?.Setting, asked.Down?.Setting, cells);

        // The LoRAs as the web UI writes them into a prompt.
        byte[] Png(RgbImage picture, int index, SampleOptions options, double? factor)
        {
            var settings = options.ParametersOf(sd, index);
            var tags = networks.Select(one => string.Create(CultureInfo.InvariantCulture, $" <lora:{one.Run}:{factor ?? one.Strength}>"));
            return picture.ToPng(new Dictionary<string, string>
            {
                [GenerationParameters.Keyword] = (settings with { Prompt = settings.Prompt + string.Concat(tags) }).ToString(),
            });
        }
    }

    private static SampleOptions Options(PictureAsked asked) => new()
    {
        Prompt = asked.Prompt,
        NegativePrompt = asked.NegativePrompt ?? "",
        GuidanceScale = asked.Guidance,
        Steps = asked.Steps,
        Seed = asked.Seed,
        Scheduler = asked.Sampler ?? "ddim",
        Count = asked.Across is null && asked.Down is null ? asked.Count : 1,
    };

    private static (SampleOptions Options, double? Strength) With(string? axis, string text, (SampleOptions Options, double? Strength) now)
    {
        if (axis is null)
            return now;
        if (axis == "sampler")
            return (now.Options with { Scheduler = Scheduler.Names.Contains(text) ? text : throw Wrong("a sampler") }, now.Strength);
        if (axis == "seed")
            return (now.Options with { Seed = ulong.TryParse(text, out var seed) ? seed : throw Wrong("a whole number") }, now.Strength);
        var number = double.TryParse(text, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value
            : throw Wrong("a number");
        return axis switch
        {
            "steps" => (now.Options with { Steps = value is >= 1 and <= MostSteps ? (int)value : throw Wrong($"1 to {MostSteps}") },
                now.Strength),
            "guidance" => (now.Options with { GuidanceScale = value }, now.Strength),
            _ => (now.Options, value is >= 0 and <= Strongest ? value : throw Wrong($"from 0 to {Strongest:0.0}")),
        };

        BadInputException Wrong(string kind) => new($"The grid's {axis} must be {kind}, not '{text}'.");
    }

    private StableDiffusion Whole(string run, CancellationToken cancel) =>
        StableDiffusion.Load(session.History.Of(run).Output, cancel: cancel);
}

/// <summary>A picture, or a grid of them, that the page asks for.</summary>
/// <param name="Prompt">What it is to show.</param>
/// <param name="NegativePrompt">What it is led away from.</param>
/// <param name="Model">The run whose whole model draws it; null for the base.</param>
/// <param name="Networks">The runs whose LoRAs or words are attached, each at its strength.</param>
/// <param name="Guidance">CFG.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Seed">Of the first picture.</param>
/// <param name="Sampler">What draws it.</param>
/// <param name="Count">How many, where it is no grid.</param>
/// <param name="Across">What changes from left to right.</param>
/// <param name="Down">What changes from top to bottom.</param>
internal sealed record PictureAsked(string Prompt, string? NegativePrompt, string? Model, List<NetworkAsked>? Networks, double Guidance,
    int Steps, ulong Seed, string? Sampler, int Count = 1, GridAxis? Across = null, GridAxis? Down = null);

/// <summary>A run whose LoRA is attached.</summary>
internal sealed record NetworkAsked(string Run, double Strength);

/// <summary>A setting of a grid, and its values.</summary>
internal sealed record GridAxis(string Setting, IReadOnlyList<string> Values);

/// <summary>What was drawn.</summary>
internal sealed record PicturesDrawn(string? Across, string? Down, IReadOnlyList<PictureCell> Cells);

/// <summary>The pictures of a cell, as PNG.</summary>
internal sealed record PictureCell(string Across, string Down, IReadOnlyList<byte[]> Pictures);
