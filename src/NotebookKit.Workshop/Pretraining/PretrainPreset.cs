using NotebookKit.Workshop.World;

namespace NotebookKit.Workshop.Pretraining;

/// <summary>One size of the miniature Stable Diffusion with all that its training needs: the same code runs each.</summary>
public sealed record PretrainPreset
{
    /// <summary>The preset's name on the command line.</summary>
    public required string Name { get; init; }

    /// <summary>The device that it trains on, as torch spells it.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Minutes for all stages together.</summary>
    public required double Minutes { get; init; }

    /// <summary>Threads that share the weights.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Side of the square pictures in pixels.</summary>
    public required int PictureSize { get; init; }

    /// <summary>Pictures of the world as it is graded; each is also seen mirrored.</summary>
    public required int Scenes { get; init; }

    /// <summary>Further pictures of what has a face, which takes longest to learn.</summary>
    public required int Faces { get; init; }

    /// <summary>Pictures of individuals, many of them painted or drawn: what a subject is made of must be known in every style.</summary>
    public required int Individuals { get; init; }

    /// <summary>Pictures to learn from.</summary>
    public int Pictures => Scenes + Faces + Individuals;

    /// <summary>Pictures kept back to measure on.</summary>
    public required int HeldOut { get; init; }

    /// <summary>Captions written for each picture.</summary>
    public int CaptionsPerPicture { get; init; } = 4;

    /// <summary>Frozen random rows of the token table that stand in for unknown words while training.</summary>
    public int RareTokens { get; init; } = 1000;

    /// <summary>Which part of the world is painted.</summary>
    public WorldPreset World { get; init; } = WorldPreset.Cpu;

    /// <summary>
    /// Channels of the VAE's levels; n levels shrink a picture 2^(n-1) times. A third of them begins as a linear code
    /// (<see cref="LinearPath"/>).
    /// </summary>
    public required int[] VaeChannels { get; init; }

    /// <summary>Groups of the VAE's norms: two thirds of them are the network's alone.</summary>
    public int VaeNormGroups { get; init; } = 12;

    /// <summary>Pictures per update of the VAE.</summary>
    public required int VaeBatch { get; init; }

    /// <summary>Updates of the VAE.</summary>
    public required long VaeSteps { get; init; }

    /// <summary>The most minutes the VAE may take when the clock decides.</summary>
    public required double VaeMinutes { get; init; }

    /// <summary>Updates of the decoder alone, at the end; 0 leaves the stage out.</summary>
    public required long DecoderSteps { get; init; }

    /// <summary>The most minutes they may take when the clock decides.</summary>
    public required double DecoderMinutes { get; init; }

    /// <summary>Width of the text encoder, which is the UNet's <c>cross_attention_dim</c>.</summary>
    public required int TextWidth { get; init; }

    /// <summary>Layers of the text encoder.</summary>
    public int TextLayers { get; init; } = 2;

    /// <summary>Attention heads of the text encoder.</summary>
    public int TextHeads { get; init; } = 4;

    /// <summary>Pairs of picture and caption per contrastive update.</summary>
    public required int ContrastiveBatch { get; init; }

    /// <summary>Contrastive updates.</summary>
    public required long ContrastiveSteps { get; init; }

    /// <summary>The most minutes the contrastive stage may take when the clock decides.</summary>
    public required double ContrastiveMinutes { get; init; }

    /// <summary>Channels of the UNet's three levels.</summary>
    public required int[] UNetChannels { get; init; }

    /// <summary>Attention heads of the UNet's levels.</summary>
    public required int[] UNetHeads { get; init; }

    /// <summary>Groups of the UNet's norms.</summary>
    public int NormGroups { get; init; } = 8;

    /// <summary>Pictures per denoising update of one worker.</summary>
    public required int Batch { get; init; }

    /// <summary>The denoising stage's highest learning rate.</summary>
    public double LearningRate { get; init; } = 1.3e-3;

    /// <summary>How much of the averaged weights one update keeps.</summary>
    public double EmaDecay { get; init; } = 0.9995;

    /// <summary>Shifts the timestep density of the second phase towards noise: where the mean of its logit-normal half begins.</summary>
    public double LogitMean { get; init; } = 0.5;

    /// <summary>Seconds between two checkpoints of a stage; each exports the model.</summary>
    public double CheckpointSeconds { get; init; } = 300;

    /// <summary>Pictures in the sample grid of each checkpoint.</summary>
    public int GridPictures { get; init; } = SampleGrid.Prompts.Count;

    /// <summary>What a learner can repeat on two cores: 64×64 pictures, latents of 16×16.</summary>
    public static PretrainPreset Cpu { get; } = new()
    {
        Name = "cpu",
        Minutes = 150,
        Workers = 2,
        PictureSize = 64,
        Scenes = 13_000,
        Faces = 6_000,
        Individuals = 6_000,
        HeldOut = 256,
        VaeChannels = [24, 48, 72],
        VaeBatch = 8,
        VaeSteps = 8_000,
        VaeMinutes = 25,
        DecoderSteps = 0,
        DecoderMinutes = 0,
        TextWidth = 80,
        ContrastiveBatch = 128,
        ContrastiveSteps = 1_200,
        ContrastiveMinutes = 2,
        UNetChannels = [32, 64, 96],
        UNetHeads = [2, 4, 4],
        Batch = 8,
        CheckpointSeconds = 480,
    };

    /// <summary>The model to ship where a large GPU can be had: 128×128 pictures, an 8× VAE, wider everywhere; under 20 minutes on an
    /// H200.</summary>
    public static PretrainPreset Cuda { get; } = new()
    {
        Name = "cuda",
        Device = "cuda",
        Minutes = 19,
        PictureSize = 128,
        World = WorldPreset.Gpu,
        Scenes = 60_000,
        Faces = 20_000,
        Individuals = 20_000,
        HeldOut = 1024,
        VaeChannels = [24, 48, 72, 96],
        VaeBatch = 64,
        VaeSteps = 12_000,
        VaeMinutes = 4,
        DecoderSteps = 3_000,
        DecoderMinutes = 1,
        TextWidth = 64,
        ContrastiveBatch = 512,
        ContrastiveSteps = 2_000,
        ContrastiveMinutes = 1,
        UNetChannels = [40, 80, 112],
        UNetHeads = [2, 4, 4],
        Batch = 192,
        LogitMean = 0.8,
        CheckpointSeconds = 120,
    };

    /// <summary>Every stage in seconds, for tests: it learns next to nothing.</summary>
    public static PretrainPreset Smoke { get; } = new()
    {
        Name = "smoke",
        Minutes = 0.6,
        PictureSize = 32,
        Scenes = 40,
        Faces = 4,
        Individuals = 4,
        HeldOut = 8,
        CaptionsPerPicture = 2,
        RareTokens = 20,
        VaeChannels = [12, 36],
        VaeNormGroups = 6,
        VaeBatch = 4,
        VaeSteps = 12,
        VaeMinutes = 0.1,
        DecoderSteps = 4,
        DecoderMinutes = 0.1,
        TextWidth = 16,
        TextLayers = 1,
        TextHeads = 2,
        ContrastiveBatch = 16,
        ContrastiveSteps = 8,
        ContrastiveMinutes = 0.1,
        UNetChannels = [8, 16, 24],
        UNetHeads = [1, 2, 2],
        Batch = 4,
        CheckpointSeconds = 20,
        GridPictures = 2,
    };

    /// <summary>The preset of that name.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static PretrainPreset Of(string name) => name switch
    {
        "cpu" => Cpu,
        "cuda" => Cuda,
        "smoke" => Smoke,
        _ => throw new BadInputException($"--preset: '{name}' is none of cpu, cuda, smoke."),
    };
}
