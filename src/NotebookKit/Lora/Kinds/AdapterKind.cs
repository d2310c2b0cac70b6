using NotebookKit.Lora.Files;

namespace NotebookKit.Lora.Kinds;

/// <summary>
/// A kind of adapter: how files spell its tensors, and how they become an <see cref="AdapterWeights"/>, which knows the kind's
/// ΔW. What can be trained too is a <see cref="TrainedKind"/>. A kind is a file of its own and a line in <see cref="All"/>.
/// </summary>
internal abstract class AdapterKind
{
    /// <summary>Every kind, in the order in which they are asked whether a layer's tensors are theirs.</summary>
    public static IReadOnlyList<AdapterKind> All { get; } =
    [
        new UnreadKind(),
        new LoraKind(),
        new VeraKind(),
        new LohaKind(),
        new LokrKind(),
        new OftKind(),
        new GloraKind(),
        new Ia3Kind(),
        new NormKind(),
        new FullKind(),
    ];

    /// <summary>What files with such tensors are said to use, such as LoHa.</summary>
    public abstract string Name { get; }

    /// <summary>How the names of its tensors end, and what each is called here: <c>.lora_A.weight</c> is lora_down.</summary>
    public abstract IReadOnlyDictionary<string, string> Endings { get; }

    /// <summary>The names of tensors that all layers of a file have in common.</summary>
    public virtual IReadOnlyList<string> SharedTensors => [];

    /// <summary>Puts a layer's tensors together.</summary>
    /// <returns>Null where they are of another kind.</returns>
    /// <exception cref="UnreadableLayerException">They are of this kind, but something is wrong with them.</exception>
    public abstract AdapterWeights? Read(LayerTensors layer);

    /// <summary>Adds what other tools are told about a file with such layers.</summary>
    public virtual void Note(IReadOnlyList<AdapterWeights> modules, IDictionary<string, string> notes)
    {
    }

    /// <summary>Which of the kinds' shared tensors a name means, with or without PEFT's name of the adapter; null for none.</summary>
    public static string? SharedTensor(string name) =>
        All.SelectMany(kind => kind.SharedTensors).FirstOrDefault(shared => name == shared || name == shared + ".default");

    /// <summary>The endings of tensors that every tool calls alike.</summary>
    protected static IReadOnlyDictionary<string, string> Plain(params IEnumerable<string> parts) =>
        parts.ToDictionary(part => "." + part,
            part => part.EndsWith(".weight", StringComparison.Ordinal) ? part[..^".weight".Length] : part);
}
