using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization;
using NotebookKit.Tensors;
using NotebookKit.Training.Settings;

namespace NotebookKit.Cli;

/// <summary>What every verb of the command line shares: the list of verbs, the exit codes, and <c>--json</c>.</summary>
internal static class Verb
{
    /// <summary>Exit code when the input was fine but the work failed.</summary>
    public const int Failed = 1;

    /// <summary>Exit code for bad input: one sentence on standard error.</summary>
    public const int BadInput = 2;

    /// <summary>How every <c>--json</c> object is written.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What a learner does, in the order that <c>--help</c> lists it; each verb is made when it is asked for.</summary>
    public static readonly IReadOnlyList<(string Name, Func<Command> Create)> Learners =
    [
        ("tutorial", Verbs.TutorialVerb.Create),
        ("lab", Verbs.LabVerb.Create),
        ("sample", Verbs.SampleVerb.Create),
        ("tokens", Verbs.TokensVerb.Create),
        ("captions", Verbs.CaptionsVerb.Create),
        ("lr", Verbs.LrVerb.Create),
        ("forecast", Verbs.ForecastVerb.Create),
        ("train", Verbs.TrainVerb.Create),
        ("sweep", Verbs.SweepVerb.Create),
        ("studio", Verbs.StudioVerb.Create),
        ("lora", Verbs.Lora.LoraVerb.Create),
        ("inspect", Verbs.InspectVerb.Create),
        ("convert", Verbs.ConvertVerb.Create),
        ("export-config", Verbs.ExportConfigVerb.Create),
        ("import-config", Verbs.ImportConfigVerb.Create),
        ("doctor", Verbs.DoctorVerb.Create),
        ("run", Verbs.RunVerb.Create),
        ("kernel", Verbs.KernelVerb.Create),
    ];

    /// <summary>What the kit is made, measured and checked with.</summary>
    public static readonly IReadOnlyList<(string Name, Func<Command> Create)> Makers =
    [
        ("test", Verbs.TestVerb.Create),
        ("parity", Verbs.ParityVerb.Create),
        ("bench", Verbs.BenchVerb.Create),
        ("world", Verbs.WorldVerb.Create),
        ("pretrain", Verbs.PretrainVerb.Create),
        ("probe", Verbs.ProbeVerb.Create),
        ("grade", Verbs.GradeVerb.Create),
        ("dreambooth-study", Verbs.DreamBoothStudyVerb.Create),
    ];

    /// <summary>Every verb.</summary>
    public static readonly IReadOnlyList<(string Name, Func<Command> Create)> All = [.. Learners, .. Makers];

    /// <summary>Adds <c>--json</c> to a verb: one machine-readable object on standard output and nothing else there.</summary>
    public static Option<bool> JsonOption(Command verb)
    {
        var option = new Option<bool>("--json") { Description = "print one JSON object on standard output" };
        verb.Options.Add(option);
        return option;
    }

    /// <summary>Runs a verb and turns what went wrong into one sentence and an exit code: 2 for bad input, 1 for failed work.</summary>
    public static int Run(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            Console.Error.WriteLine($"kit: {OneLine(parsed.Errors[0].Message)}");
            return BadInput;
        }

        try
        {
            if (NeedsTensors(parsed))
                TorchLibrary.Load();
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (BadInputException e)
        {
            Console.Error.WriteLine($"kit: {(e is BadSettingException setting ? setting.InFlags : e.Message)}");
            return BadInput;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("kit: stopped; what was finished is kept.");
            return Failed;
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("KIT_TRACE") is null)
        {
            Console.Error.WriteLine($"kit: {TorchErrors.Sentence(e).ReplaceLineEndings(" ")} (KIT_TRACE=1 shows where)");
            return Failed;
        }
    }

    // The parser lists what it would have taken line by line.
    private static string OneLine(string message) =>
        string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // Where libtorch does not load, that is told first; these verbs tell what they have to tell without it.
    private static bool NeedsTensors(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        while (command.Parent is CommandResult { Parent: not null } above)
            command = above;
        return parsed.Action is not HelpAction
            && command.Command.Name is not ("tutorial" or "test" or "lab" or "run" or "kernel" or "doctor" or "lr" or "captions");
    }
}
