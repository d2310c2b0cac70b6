using System.CommandLine;
using NotebookKit.Models;
using NotebookKit.Training;
using NotebookKit.Training.Memory;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>--dtype</c> of the verbs that run a model.</summary>
internal static class DTypeOption
{
    /// <summary>The option.</summary>
    /// <param name="more">What else there is to say.</param>
    public static Option<string?> Create(string more = "") => new("--dtype")
    {
        Description = "what the base computes in: auto, float32, "
        + "bfloat16 or float16, or fp32, bf16, fp16 (auto: bfloat16 for a model of SD 1.5's size where the processor multiplies it, else "
        + $"float32){more}"
    };

    /// <summary>What was asked for, or what suits the base and the device.</summary>
    /// <param name="name">The option's value.</param>
    /// <param name="source">The base: a folder or a file.</param>
    /// <param name="device">Where it runs.</param>
    public static PrecisionChoice Of(string? name, string source, Device device)
    {
        var shape = Shape(source);
        var choice = Precision.Choose(name ?? Precision.Auto, shape ?? new(), device);
        return shape is null ? choice with { Told = null } : choice;
    }

    /// <summary>The same, told on standard error.</summary>
    public static ScalarType Tell(string? name, string source, Device device)
    {
        var choice = Of(name, source, device);
        if (choice.Told is { } told)
            Console.Error.WriteLine($"kit: {told}");
        return choice.Type;
    }

    private static UNet2DConditionConfig? Shape(string source)
    {
        try
        {
            return ModelShape.Of(source).UNet;
        }
        catch (BadInputException)
        {
            return null; // loading it says what it lacks, and what it is instead
        }
    }
}
