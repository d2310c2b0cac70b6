namespace NotebookKit.Training.Settings;

/// <summary>What the loss counts, and how much.</summary>
public sealed record LossSettings
{
    /// <summary>
    /// How much a class image counts against a picture of the subject: loss = instance + weight · class. Below 0.1 the
    /// class drifts, towards 1 the subject is learned less well.
    /// </summary>
    [Setting("--prior-loss-weight", "how much a class image counts against a picture of the subject", Min = 0,
        Usual = "0.15 to 0.4 is usual", Needs = Need.ClassPrompt, Note = "ss_prior_loss_weight")]
    public double PriorLossWeight { get; init; } = 0.3;

    /// <summary>What the prior loss weight falls or rises to, in a straight line over the epochs; null keeps it.</summary>
    [Setting("--prior-loss-weight-end", "what the prior loss weight changes to over the run", Min = 0, Needs = Need.ClassPrompt)]
    public double? PriorLossWeightEnd { get; init; }

    /// <summary>Weighs the instance loss by min(SNR, γ)/SNR (Hang et al. 2023); null weighs all noise levels alike.</summary>
    [Setting("--snr-gamma", "min-SNR weighting of the loss; 5 is usual", Above = 0,
        Usual = "5 is usual, leave it out to weigh all noise alike", Note = "ss_min_snr_gamma")]
    public double? SnrGamma { get; init; }

    /// <summary>Adds noise that is constant over the picture, so that very dark and very bright ones are learned; 0.05 to 0.1 is
    /// usual.</summary>
    [Setting("--noise-offset", "noise that is constant over the picture; 0.05 to 0.1 is usual", Min = 0, Usual = "0.05 to 0.1 is usual",
        Note = "ss_noise_offset", ZeroIsNone = true)]
    public double NoiseOffset { get; init; }

    /// <summary>What the numbers of that noise are: one for each channel, or one for each channel by how much it varies in the
    /// picture.</summary>
    [Setting("--noise-offset-type", "original (a number for each channel, Guttenberg 2023) or per_channel (times the channel's own "
        + "deviation in the picture)", Needs = Need.NoiseOffset)]
    public NoiseOffsetType NoiseOffsetType { get; init; } = NoiseOffsetType.Original;
}

/// <summary>How offset noise is drawn.</summary>
public enum NoiseOffsetType
{
    /// <summary>A normal number for each channel of each picture.</summary>
    Original,

    /// <summary>The same, times the channel's standard deviation in the picture: what varies little is moved little.</summary>
    PerChannel,
}
