namespace NotebookKit.Training.Settings;

/// <summary>How pictures and captions are shown to the model.</summary>
public sealed record ImageSettings
{
    /// <summary>Side of the square pictures in pixels, and of the square with the buckets' area; the base's own size when null.</summary>
    [Setting("--size", "side of the square pictures in pixels", Otherwise = "the base's own", Min = 8, Unit = "pixels")]
    public int? Size { get; init; }

    /// <summary>Whether portraits and landscapes keep their shape, in buckets of the square's area; else all are cut square.</summary>
    [Setting("--no-buckets", "cut all pictures square", Note = "ss_enable_bucket")]
    public bool Buckets { get; init; } = true;

    /// <summary>Cuts another part out of the picture each time, instead of the middle. The VAE then encodes in each step.</summary>
    [Setting("--random-crop", "cut another part out each time", Note = "ss_random_crop")]
    public bool RandomCrop { get; init; }

    /// <summary>Mirrors every other picture; not for subjects with a left and a right.</summary>
    [Setting("--flip", "mirror every other picture", Note = "ss_flip_aug")]
    public bool Flip { get; init; }

    /// <summary>Shuffles the parts of a prompt between its commas each time; the first stays first.</summary>
    [Setting("--shuffle-captions", "shuffle the parts of prompts; the first stays first", Note = "ss_shuffle_caption",
        Needs = Need.Captions)]
    public bool ShuffleCaptions { get; init; }

    /// <summary>In which share of the draws the prompt is left empty, which keeps guidance working: 0.05 to 0.1 is usual.</summary>
    [Setting("--caption-dropout", "leave the prompt out in this share of the draws", Min = 0, Max = 1, Usual = "0.05 to 0.1 is usual",
        Note = "ss_caption_dropout_rate", Needs = Need.Captions)]
    public double CaptionDropout { get; init; }
}
