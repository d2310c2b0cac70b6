using System.CommandLine;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using NotebookKit.Training.Optimizers;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary>The options that decide how much memory a run takes; <c>kit forecast</c> and <c>kit bench memory</c> share them.</summary>
internal sealed class MemoryOptions
{
    private readonly Option<string> _method = new("--method") { DefaultValueFactory = _ => "lora", Description = string.Join(", ", Choices.Names<TrainMethod>()) };
    private readonly Option<int> _rank = new("--rank") { DefaultValueFactory = _ => 8, Description = "LoRA: numbers that pass through each adapter" };
    private readonly Option<int?> _size = new("--size") { Description = "side of the square pictures in pixels (the base's own)" };
    private readonly Option<int> _batch = new("--batch") { DefaultValueFactory = _ => 1, Description = "pictures of the subject in a batch" };
    private readonly Option<bool> _classImages = new("--with-class") { Description = "as many class images beside them" };
    private readonly Option<int> _accumulation = new("--accumulation") { DefaultValueFactory = _ => 1, Description = "batches before each optimizer step" };
    private readonly Option<string?> _dtype = DTypeOption.Create();
    private readonly Option<string> _optimizer = new("--optimizer") { DefaultValueFactory = _ => "adamw", Description = string.Join(", ", Choices.Names<OptimizerKind>()) };
    private readonly Option<bool> _checkpointing = new("--checkpointing") { Description = "gradient checkpointing" };
    private readonly Option<bool> _textEncoder = new("--text-encoder") { Description = "train the text encoder too" };

    /// <summary>Adds them to a verb.</summary>
    public MemoryOptions(Command command)
    {
        foreach (var option in new Option[] { _method, _rank, _size, _batch, _classImages, _accumulation, _dtype, _optimizer, _checkpointing, _textEncoder })
            command.Options.Add(option);
    }

    /// <summary>The method's name as it was given.</summary>
    public string Method(ParseResult parse) => parse.GetValue(_method)!;

    /// <summary>What was asked for.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="source">The base: a folder or a file.</param>
    /// <param name="device">Where the run would be.</param>
    /// <param name="method">The method, where it is not the one given.</param>
    /// <exception cref="BadInputException">A name is unknown.</exception>
    public MemoryPlan Read(ParseResult parse, string source, Device device, string? method = null) => new()
    {
        Method = Choices.Of<TrainMethod>("--method", method ?? Method(parse)),
        Rank = parse.GetValue(_rank),
        Size = parse.GetValue(_size),
        Batch = parse.GetValue(_batch),
        WithClass = parse.GetValue(_classImages),
        Accumulation = parse.GetValue(_accumulation),
        DType = DTypeOption.Of(parse.GetValue(_dtype), source, device).Type,
        Optimizer = Choices.Of<OptimizerKind>("--optimizer", parse.GetValue(_optimizer)!),
        Checkpointing = parse.GetValue(_checkpointing),
        TextEncoder = parse.GetValue(_textEncoder),
    };
}
