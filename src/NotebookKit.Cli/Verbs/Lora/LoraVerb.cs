using System.CommandLine;
using System.Text.Json;
using NotebookKit.Lora;
using NotebookKit.Lora.Files;
using NotebookKit.Lora.Use;
using NotebookKit.Pipeline;
using NotebookKit.Training;
using static TorchSharp.torch;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary><c>kit lora</c>: looks at LoRA files and makes new ones of them.</summary>
internal static class LoraVerb
{
    /// <summary>The verb with its subjects.</summary>
    public static Command Create() => new("lora", "Look at LoRA files, and merge, combine, extract, resize, convert and compare them.")
    {
        InfoVerb.Create(), SizeVerb.Create(), RankVerb.Create(), SpectrumVerb.Create(), MergeVerb.Create(), CombineVerb.Create(),
        ExtractVerb.Create(), ResizeVerb.Create(), ConvertVerb.Create(), CompareVerb.Create(), XyzVerb.Create(), MethodsVerb.Create(),
    };

    /// <summary>A LoRA file by name or path.</summary>
    public static Argument<string> FileArgument(string description = "a file below loras/ by its name, or a path") =>
        new("FILE") { Description = description };

    /// <summary>Where the result goes.</summary>
    public static Option<string> OutOption(string description) => new("--out") { Description = description, Required = true };

    /// <summary>How numbers are stored.</summary>
    public static Option<string> DtypeOption(string standard = "fp16") =>
        new("--dtype") { DefaultValueFactory = _ => standard, Description = "how numbers are stored: fp16, bf16 or fp32" };

    /// <summary>Refuse a file that has anything wrong with it.</summary>
    public static Option<bool> StrictOption() => new("--strict") { Description = "refuse a file of which anything does not work" };

    /// <summary>Reads a type's name.</summary>
    public static ScalarType Dtype(string text) => Precision.TypeOf(text);

    /// <summary>Reads a file by name or path, and tells its problems on standard error.</summary>
    public static LoraFile Read(string name, bool strict)
    {
        var library = new LoraLibrary();
        var file = LoraFile.Read(library.Find(name) ?? throw new BadInputException(library.Missing(name)), strict);
        foreach (var problem in file.Problems)
            Console.Error.WriteLine($"{file.Path}: {problem}");
        return file;
    }

    /// <summary>Only plain file content: pairs without names get theirs from a base.</summary>
    public static LoraFile Named(LoraFile file, StableDiffusion? sd)
    {
        if (file.Unnamed.Count == 0)
            return file;
        if (sd is null)
            throw new BadInputException($"{file.Path} has no layer names (cloneofsimo's format); give the base it was made for (--base "
                + "DIR).");
        using var network = LoraNetwork.Attach(file, sd.UNet, sd.TextEncoder);
        network.Remove();
        return network.ToFile() with
        {
            Path = file.Path,
            Problems = network.Problems,
            Embeddings = file.Embeddings,
            Modules = [.. network.ToFile().Modules.Select(Copied)]
        };
    }

    /// <summary>One JSON object, or lines of text.</summary>
    public static int Answer(bool json, object result, params IEnumerable<string> lines)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(result, result.GetType(), Verb.Json));
            return 0;
        }

        foreach (var line in lines)
            Console.Out.WriteLine(line);
        return 0;
    }

    /// <summary>Text in the invariant culture.</summary>
    public static string Say(params FormattableString[] parts) => string.Concat(parts.Select(FormattableString.Invariant));

    private static AdapterWeights Copied(AdapterWeights weights) => weights is LoraWeights lora
        ? lora with { Down = lora.Down.detach().clone(), Up = lora.Up.detach().clone() }
        : weights;
}
