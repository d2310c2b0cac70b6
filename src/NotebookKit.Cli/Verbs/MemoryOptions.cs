using System.CommandLine;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary>A run that is not there yet: the flags of <c>kit train</c>, and the facts that its pictures would tell.</summary>
internal sealed class MemoryOptions
{
    private readonly TrainFlags _flags = new();
    private readonly Option<bool> _withClass = new("--with-class") { Description = "as many class images beside the subject's pictures" };
    private readonly Option<int> _pictures = new("--pictures")
    {
        DefaultValueFactory = _ => 3,
        Description = "pictures that are kept encoded, class images among them"
    };
    private readonly Option<string?> _dtype = DTypeOption.Create();

    /// <summary>Adds them to a verb.</summary>
    public MemoryOptions(Command command)
    {
        foreach (var option in _flags.Options.Concat([_withClass, _pictures, _dtype]))
            command.Options.Add(option);
    }

    /// <summary>What was asked for.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="source">The base: a folder or a file.</param>
    /// <param name="device">Where the run would be.</param>
    /// <param name="method">The method, where it is not the one given.</param>
    /// <exception cref="BadInputException">A name is unknown.</exception>
    public MemoryPlan Read(ParseResult parse, string source, Device device, TrainMethod? method = null)
    {
        var options = _flags.Read(parse, new TrainOptions());
        // A row of samples is wanted by whoever says how long it is.
        if (_flags.Has(parse, "--samples") && options.Samples.Every == 0)
            options = options with { Samples = options.Samples with { Every = 1 } };
        options = options with { Method = method ?? options.Method };
        var dtype = DTypeOption.Of(parse.GetValue(_dtype), source, device).Type;
        var onGpu = device.type == TorchSharp.DeviceType.CUDA;
        if (options.Concepts[0].InstanceDir.Length > 0)
        {
            options.Validate();
            return MemoryPlan.Of(options, dtype, onGpu);
        }

        return new MemoryPlan
        {
            Options = options,
            WithClass = parse.GetValue(_withClass),
            DType = dtype,
            Pictures = parse.GetValue(_pictures),
            Painted = _flags.Has(parse, "--class-images") ? options.Concepts[0].ClassImages : 0,
            OnGpu = onGpu,
        };
    }
}
