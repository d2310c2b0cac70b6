using NotebookKit.Training.Optimizers;

namespace NotebookKit.Interop;

/// <summary>What settings are called in kohya-ss/sd-scripts, from version 0.8 on.</summary>
internal static class KohyaNames
{
    /// <summary>Arguments of its scripts and the kit's setting of the same meaning.</summary>
    public static IReadOnlyList<(string Kohya, string Setting)> Arguments { get; } =
    [
        ("max_train_epochs", "epochs"), ("gradient_accumulation_steps", "gradient_accumulation"),
        ("gradient_checkpointing", "gradient_checkpointing"), ("lr_scheduler", "schedule"), ("lr_warmup_steps", "warmup"),
        ("lr_scheduler_num_cycles", "schedule_cycles"), ("lr_scheduler_power", "schedule_power"), ("max_grad_norm", "max_grad_norm"),
        ("min_snr_gamma", "snr_gamma"), ("noise_offset", "noise_offset"), ("prior_loss_weight", "prior_loss_weight"), ("seed", "seed"),
        ("save_every_n_epochs", "save_every"), ("sample_every_n_epochs", "sample_every"), ("sample_at_first", "sample_at_first"),
    ];

    /// <summary>Those of a LoRA's scripts.</summary>
    public static IReadOnlyList<(string Kohya, string Setting)> Network { get; } =
    [
        ("network_dim", "rank"), ("network_dropout", "lora_dropout"), ("network_weights", "network_weights"),
    ];

    /// <summary>Keys of a subset in a dataset's configuration.</summary>
    public static IReadOnlyList<(string Kohya, string Setting)> Subset { get; } =
    [
        ("num_repeats", "repeats"), ("flip_aug", "flip"), ("random_crop", "random_crop"), ("shuffle_caption", "shuffle_captions"),
        ("caption_dropout_rate", "caption_dropout"), ("caption_extension", "caption_extension"),
    ];

    /// <summary>Optimizers.</summary>
    public static IReadOnlyList<(string Kohya, OptimizerKind Kind)> Optimizers { get; } =
    [
        ("AdamW", OptimizerKind.AdamW), ("AdamW8bit", OptimizerKind.AdamW8bit), ("AdaFactor", OptimizerKind.Adafactor),
        ("Lion", OptimizerKind.Lion), ("Prodigy", OptimizerKind.Prodigy),
    ];

    /// <summary>Samplers, as its <c>--sample_sampler</c> calls them.</summary>
    public static IReadOnlyList<(string Kohya, string Sampler)> Samplers { get; } =
    [
        ("ddim", "ddim"), ("pndm", "pndm"), ("lms", "lms"), ("k_lms", "lms_karras"), ("euler", "euler"), ("k_euler", "euler_karras"),
        ("euler_a", "euler_a"), ("heun", "heun"), ("dpm_2", "kdpm2"), ("k_dpm_2", "kdpm2_karras"), ("dpm_2_a", "kdpm2_a"),
        ("k_dpm_2_a", "kdpm2_a_karras"), ("dpmsolver++", "dpmpp_2m"),
    ];
}
