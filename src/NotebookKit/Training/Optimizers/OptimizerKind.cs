
namespace NotebookKit.Training.Optimizers;

/// <summary>How gradients become steps.</summary>
public enum OptimizerKind
{
    /// <summary>Averages of gradients and of their squares, 8 bytes for each trained weight (Loshchilov &amp; Hutter 2019).</summary>
    AdamW,

    /// <summary>AdamW whose averages are kept in 8 bits each, 2.03 bytes for each trained weight (Dettmers et al. 2022).</summary>
    AdamW8bit,

    /// <summary>Squares kept as row and column sums, next to nothing (Shazeer &amp; Stern 2018).</summary>
    Adafactor,

    /// <summary>Steps of one size in the direction of an average's sign, 4 bytes for each trained weight (Chen et al. 2023).</summary>
    Lion,

    /// <summary>AdamW that finds its own learning rate, 16 bytes for each trained weight (Mishchenko &amp; Defazio 2023). Its rate is a
    /// factor; leave it at 1.</summary>
    Prodigy,
}
