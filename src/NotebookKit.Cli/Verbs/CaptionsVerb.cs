using System.CommandLine;
using System.Text.Json;
using NotebookKit.Text;
using NotebookKit.Training.Concepts;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit captions</c>: what captions become before they are trained with, and what about them will surprise.</summary>
internal static class CaptionsVerb
{
    // "class": null is part of the answer.
    private static readonly JsonSerializerOptions WithNulls =
        new(Verb.Json) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.Never };

    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "the folder with the subject's pictures and their captions" };
        var instancePrompt = new Option<string>("--instance-prompt")
        {
            DefaultValueFactory = _ => FileWords.Placeholder,
            Description = "the prompt for the subject's pictures; [filewords] is the caption"
        };
        var classPrompt = new Option<string?>("--class-prompt")
        { Description = "the prompt for the class images; [filewords] is the caption" };
        var instanceToken = new Option<string?>("--instance-token") { Description = "what the subject is called, like Rufus" };
        var classToken = new Option<string?>("--class-token") { Description = "one or two words for its kind, like cat" };
        var only = new Option<bool>("--instance-token-only") { Description = "put the instance token alone where otherwise both go" };
        var command = new Command("captions", "Show the prompts that pictures will be trained with, and what to mend about them.") { folder,
            instancePrompt, classPrompt, instanceToken, classToken, only };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var rows = CaptionAudit.Of(new Concept
            {
                InstanceDir = parse.GetValue(folder)!,
                InstancePrompt = parse.GetValue(instancePrompt)!,
                ClassPrompt = parse.GetValue(classPrompt),
                InstanceToken = NullIfBlank(parse.GetValue(instanceToken)),
                ClassToken = NullIfBlank(parse.GetValue(classToken)),
                InstanceTokenOnly = parse.GetValue(only),
            });
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(rows, WithNulls));
            else
                Show(rows);
            return 0;
        });
        return command;
    }

    private static void Show(IReadOnlyList<CaptionRow> rows)
    {
        var ofAll = rows.Select(row => row.Warnings).Aggregate<IEnumerable<string>>((all, warnings) => all.Intersect(warnings)).ToList();
        foreach (var row in rows)
        {
            Console.WriteLine(row.File);
            Console.WriteLine($"  caption   {row.Caption}");
            Console.WriteLine($"  instance  {row.Instance}");
            if (row.Class is not null)
                Console.WriteLine($"  class     {row.Class}");
            Console.WriteLine($"  ids       {string.Join(' ', row.Ids)}");
            foreach (var warning in row.Warnings.Except(ofAll))
                Console.WriteLine($"  - {warning}");
        }

        foreach (var warning in ofAll)
            Console.WriteLine($"- {warning}");
    }

    private static string? NullIfBlank(string? token) => string.IsNullOrWhiteSpace(token) ? null : token.Trim();
}
