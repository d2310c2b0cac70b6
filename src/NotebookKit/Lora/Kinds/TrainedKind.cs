using NotebookKit.Lora.Adapters;

namespace NotebookKit.Lora.Kinds;

/// <summary>A kind of adapter that can be trained.</summary>
internal abstract class TrainedKind : AdapterKind
{
    /// <summary>What <see cref="LoraOptions.Kind"/> calls it.</summary>
    public abstract string Option { get; }

    /// <summary>The kind of that name.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static TrainedKind Of(string option) => All.OfType<TrainedKind>().FirstOrDefault(kind => kind.Option == option)
        ?? throw new BadInputException($"There is no kind of adapter '{option}' that can be trained; choose one of "
            + $"{string.Join(", ", LoraOptions.Kinds)}.");

    /// <summary>Refuses what the kind cannot be.</summary>
    /// <exception cref="BadInputException">An option does not go with the kind.</exception>
    public virtual void Validate(LoraOptions options)
    {
    }

    /// <summary>New adapters; with them the base computes what it does without, bit for bit.</summary>
    /// <param name="modules">The layers that the options choose.</param>
    /// <param name="options">Rank, alpha and what to begin with.</param>
    public abstract IEnumerable<(LoraModule Module, Adapter Adapter)> Start(IReadOnlyList<LoraModule> modules, LoraOptions options);

    /// <summary>The names and shapes of what a kohya file will hold of them.</summary>
    /// <param name="modules">The layers that the options choose.</param>
    /// <param name="options">Rank, alpha and what to begin with.</param>
    public abstract IEnumerable<(string Name, long[] Shape)> Tensors(IReadOnlyList<LoraModule> modules, LoraOptions options);
}
