using NotebookKit.Training.Optimizers;

namespace NotebookKit.Training.Settings;

/// <summary>How gradients become steps: rates, their course, the optimizer.</summary>
public sealed record LearningSettings
{
    /// <summary>The UNet's learning rate after warmup.</summary>
    [Setting("--lr", "learning rate after warmup", Name = "learning_rate", Otherwise = "what suits base and method", Above = 0,
        Max = 1e10, Usual = "1e-4 is usual for LoRA, 2e-6 for a full fine-tune of Stable Diffusion", Needs = Need.Weights,
        Note = "ss_unet_lr ss_learning_rate")]
    public double? Rate { get; init; }

    /// <summary>The learning rate of the text encoder, of the new word, or of Imagic's text states.</summary>
    [Setting("--text-lr", "the text encoder's, or the new word's, learning rate", Name = "text_learning_rate", Above = 0,
        Max = 1e10, Usual = "5e-5 is usual for LoRA; leave --text-encoder out to keep the text encoder as it is",
        Needs = Need.LearningText)]
    public double? TextRate { get; init; }

    /// <summary>One of <see cref="LrSchedule.Names"/>.</summary>
    [Setting("--schedule", "constant, constant_with_warmup, linear, cosine, cosine_with_restarts, polynomial, piecewise_constant",
        Note = "ss_lr_scheduler")]
    public string Schedule { get; init; } = "constant_with_warmup";

    /// <summary>Optimizer steps over which the rate climbs from 0.</summary>
    [Setting("--warmup", "optimizer steps over which the learning rate climbs", Min = 0, Unit = "optimizer steps",
        Note = "ss_lr_warmup_steps")]
    public int Warmup { get; init; }

    /// <summary><c>cosine_with_restarts</c>: how often the rate falls to 0.</summary>
    [Setting("--cycles", "how often the rate falls to 0", Name = "schedule_cycles", Needs = Need.CosineWithRestarts)]
    public int Cycles { get; init; } = 1;

    /// <summary><c>polynomial</c>: the exponent; 1 is a straight line.</summary>
    [Setting("--power", "the exponent", Name = "schedule_power", Needs = Need.Polynomial)]
    public double Power { get; init; } = 1;

    /// <summary><c>polynomial</c>: the rate that it ends at; below the learning rate.</summary>
    [Setting("--lr-end", "the rate it ends at", Name = "schedule_end", Above = 0, Needs = Need.Polynomial)]
    public double End { get; init; } = 1e-7;

    /// <summary><c>piecewise_constant</c>: "factor:until step, …, last factor", such as "1:100,0.1:200,0.01".</summary>
    [Setting("--step-rules", "factor:until step, …, last factor, such as 1:100,0.1:200,0.01", Name = "schedule_rules",
        Needs = Need.PiecewiseConstant)]
    public string Rules { get; init; } = "1";

    /// <summary>How gradients become steps.</summary>
    [Setting("--optimizer", "adamw, adamw8bit, adafactor, lion or prodigy", Note = "ss_optimizer")]
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>Gradients longer than this (L2, all parameters together) are shortened to it; 0 never clips.</summary>
    [Setting("--max-grad-norm", "gradients longer than this are shortened to it; 0 never", Min = 0, Usual = "0 never clips",
        Note = "ss_max_grad_norm")]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Samples and saves a moving average of the weights, of which a step keeps this part at most: 0.999 is usual; null or 0 for
    /// the weights themselves.</summary>
    [Setting("--ema", "sample and save a moving average of the weights with this decay, 0.999 is usual", Name = "ema_decay",
        Otherwise = "0: none", Min = 0, Below = 1, Usual = "0.999 is usual")]
    public double? EmaDecay { get; init; }

    /// <summary>LoRA+: how many times faster the up weights learn than the others (Hayou et al. 2024 take 16); 1 for plain LoRA.</summary>
    [Setting("--lora-plus", "how many times faster the up weights learn (LoRA+ takes 16)", Name = "lora_plus_ratio", Above = 0,
        Usual = "16 is usual", Needs = Need.Lora)]
    public double LoraPlusRatio { get; init; } = 1;
}
