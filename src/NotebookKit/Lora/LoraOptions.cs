using NotebookKit.Lora.Kinds;

namespace NotebookKit.Lora;

/// <summary>The shape of a new LoRA network.</summary>
public sealed record LoraOptions
{
    /// <summary>The kinds of adapters that can be trained.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. AdapterKind.All.OfType<TrainedKind>().Select(kind => kind.Option)];

    /// <summary>An existing LoRA whose weights a training begins with; kind, ranks and layers are then the file's. Null begins
    /// anew.</summary>
    [Setting("--network-weights", "a LoRA file to begin with; kind, ranks and layers are its own", Name = "network_weights",
        Needs = Need.Lora, MayChange = true)]
    public string? Weights { get; init; }

    /// <summary>What kind of adapter: one of <see cref="Kinds"/>.</summary>
    [Setting("--lora-kind", "what kind of adapter: lora or vera (projections that all layers share, and two learned vectors for each)",
        Name = "lora_kind", Needs = Need.Lora | Need.NewLora)]
    public string Kind { get; init; } = "lora";

    /// <summary>Numbers that pass through each adapter; higher means a finer and larger file. At least 1.</summary>
    [Setting("--rank", "numbers that pass through each adapter", Min = 1, Usual = "4 to 32 is usual", Needs = Need.Lora | Need.NewLora)]
    public int Rank { get; init; } = 8;

    /// <summary>The scale's numerator (alpha / rank); the rank itself when null, that is a scale of 1.</summary>
    [Setting("--alpha", "the scale's numerator", Otherwise = "the rank", Above = 0, Usual = "leave it out to use the rank",
        Needs = Need.Lora | Need.NewLora)]
    public double? Alpha { get; init; }

    /// <summary>The rank of 3×3 convolutions (kohya's <c>conv_dim</c>); <see cref="Rank"/> when null.</summary>
    [Setting("--conv-rank", "the rank of 3×3 convolutions", Otherwise = "that of the others", Min = 1,
        Usual = "leave it out for the rank of the other layers", Needs = Need.Lora | Need.NewLora | Need.Convolutions)]
    public int? ConvRank { get; init; }

    /// <summary>The alpha of 3×3 convolutions (kohya's <c>conv_alpha</c>); when null, <see cref="Alpha"/>, or their rank where
    /// <see cref="ConvRank"/> is given.</summary>
    [Setting("--conv-alpha", "the scale's numerator of 3×3 convolutions",
        Otherwise = "that of the others, or the rank where --conv-rank is given", Above = 0,
        Needs = Need.Lora | Need.NewLora | Need.Convolutions)]
    public double? ConvAlpha { get; init; }

    /// <summary>Other ranks for some layers: the first whose pattern fits a layer's path counts. Rank 0 leaves the layer alone.</summary>
    [Setting("--lora-rank", "LAYERS=RANK or LAYERS=RANK:ALPHA: another rank for some layers, 0 to leave them alone; repeat for more",
        Name = "lora_ranks", Needs = Need.Lora | Need.NewLora)]
    public IReadOnlyList<LoraRank> Ranks { get; init; } = [];

    /// <summary>The layers to adapt; the attention layers when null, in a run those of its method.</summary>
    [Setting("--lora-targets", "attention, extension, kohya (all transformer layers), extended, locon (convolutions too), all, or a "
        + "pattern over the layers' paths", Otherwise = "what the method says", Needs = Need.Lora | Need.NewLora)]
    public LoraTargets? Targets { get; init; }

    /// <summary>What the adapters begin with; each begins at the base, bit for bit.</summary>
    [Setting("--lora-init", "what adapters begin with: kaiming, gaussian or pissa", Name = "lora_init", Needs = Need.Lora | Need.NewLora)]
    public LoraInit Init { get; init; } = LoraInit.Kaiming;

    /// <summary>The share of the squeezed numbers that training sets to zero, 0 to below 1, after <c>down</c> as kohya does.</summary>
    [Setting("--lora-dropout", "the share of the squeezed numbers that each step sets to zero", Name = "lora_dropout", Min = 0, Below = 1,
        Usual = "0.1 is usual", Needs = Need.Lora, Note = "ss_network_dropout", ZeroIsNone = true)]
    public double Dropout { get; init; }

    /// <summary>Scale by alpha / √rank instead of alpha / rank, so that a high rank does not learn more slowly (rsLoRA, Kalajdzievski
    /// 2023).</summary>
    [Setting("--rslora", "scale by alpha / √rank", Name = "rs_lora", Needs = Need.Lora | Need.NewLora)]
    public bool RsLora { get; init; }

    /// <summary>Learn length and direction of each weight apart (DoRA, Liu et al. 2024); null for plain LoRA.</summary>
    [Setting("--dora", "learn each weight's length apart: per_output (PEFT) or per_input (which the web UI applies rightly)",
        Needs = Need.Lora | Need.NewLora)]
    public DoraNorm? Dora { get; init; }

    /// <summary>Seeds the first values of the down weights; the same seed gives the same network. In a run it is the run's.</summary>
    public ulong Seed { get; init; }

    /// <summary>The layers to adapt.</summary>
    internal LoraTargets Layers => Targets ?? LoraTargets.Attention;

    /// <summary>The layers of a base that are to be adapted.</summary>
    internal IReadOnlyList<LoraModule> Choose(IEnumerable<LoraModule> modules) =>
        [.. modules.Where(module => Layers.Contain(module.Path) && For(module).Rank > 0)];

    /// <summary>Rank and alpha for a layer; rank 0 to leave it alone.</summary>
    internal (int Rank, double Alpha) For(LoraModule module)
    {
        if (Ranks.FirstOrDefault(rule => rule.Layers.Contain(module.Path)) is { } own)
            return (own.Rank, own.Alpha ?? Alpha ?? own.Rank);
        return module.HasKernel && ConvRank is { } rank ? (rank, ConvAlpha ?? rank)
            : module.HasKernel ? (Rank, ConvAlpha ?? Alpha ?? Rank)
            : (Rank, Alpha ?? Rank);
    }

    internal void Validate()
    {
        if (Rank < 1)
            throw new BadInputException($"The LoRA rank must be at least 1, not {Rank}; 4 to 32 is usual.");
        if (ConvRank is < 1)
            throw new BadInputException($"The LoRA rank of convolutions must be at least 1, not {ConvRank}; leave it out for the rank of "
                + "the others.");
        if (Ranks.FirstOrDefault(rule => rule.Rank < 0) is { } negative)
            throw new BadInputException($"The LoRA rank of {negative.Layers} must be at least 0, not {negative.Rank}; 0 leaves those "
                + "layers alone.");
        if (Alpha is { } alpha && !(double.IsFinite(alpha) && alpha > 0))
            throw new BadInputException(
                FormattableString.Invariant($"The LoRA alpha must be above 0, not {alpha}; leave it out to use the rank."));
        if (!(Dropout is >= 0 and < 1))
            throw new BadInputException(
                FormattableString.Invariant($"The LoRA dropout must be from 0 to below 1, not {Dropout}; 0.1 is usual."));
        TrainedKind.Of(Kind).Validate(this);
    }
}

/// <summary>A rank of its own for some layers.</summary>
/// <param name="Layers">Which, such as <c>LoraTargets.Matching("mid_block")</c>.</param>
/// <param name="Rank">Their rank; 0 leaves them alone.</param>
/// <param name="Alpha">Their alpha; the network's, or else their rank, when null.</param>
public sealed record LoraRank(LoraTargets Layers, int Rank, double? Alpha = null);

/// <summary>What a new adapter begins with.</summary>
public enum LoraInit
{
    /// <summary>Down from Kaiming's uniform distribution (a = √5), up zero: kohya's and PEFT's way.</summary>
    Kaiming,

    /// <summary>Down normal with a deviation of 1/rank, up zero: cloneofsimo's and the DreamBooth extension's way.</summary>
    Gaussian,

    /// <summary>
    /// Down and up from the weight's largest singular directions (PiSSA, Meng et al. 2024); what they begin with is
    /// subtracted again, so that the base stays as it is. A saved file has twice the rank.
    /// </summary>
    Pissa,
}

/// <summary>Over what DoRA takes a weight's length. Readers tell them apart by the shape of <c>dora_scale</c>.</summary>
public enum DoraNorm
{
    /// <summary>One length for each output, <c>(out, 1)</c>: PEFT, and LyCORIS since December 2024.</summary>
    PerOutput,

    /// <summary>One length for each input, <c>(1, in)</c>: LyCORIS before, and the only one that the web UI applies rightly.</summary>
    PerInput,
}
