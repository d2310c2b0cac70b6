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
        var ending = new Option<string?>("--caption-extension") { Description = "the ending of the caption files (.txt or .caption)" };
        var command = new Command("captions", "Show the prompts that pictures will be trained with, and what to mend about them.") { folder,
            instancePrompt, classPrompt, instanceToken, classToken, only, ending };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            // kohya's folders say the tokens where the command does not
            var concepts = KohyaFolder.Expand(new Concept
            {
                InstanceDir = parse.GetValue(folder)!,
                InstancePrompt = parse.GetResult(instancePrompt) is null or { Implicit: true } ? "" : parse.GetValue(instancePrompt)!,
                ClassPrompt = parse.GetValue(classPrompt),
                InstanceToken = NullIfBlank(parse.GetValue(instanceToken)),
                ClassToken = NullIfBlank(parse.GetValue(classToken)),
                InstanceTokenOnly = parse.GetValue(only),
                CaptionExtension = NullIfBlank(parse.GetValue(ending)),
            }).Select(concept => concept.InstancePrompt.Length > 0 ? concept : concept with { InstancePrompt = FileWords.Placeholder })
                .ToList();
            var notices = concepts.SelectMany(concept => FolderNotices.Of(concept).Concat(TrainingPicture.Check(concept.InstanceDir)));
            foreach (var notice in notices.ToList())
                Console.Error.WriteLine($"kit: note: {notice}");
            var rows = concepts.Select(concept => CaptionAudit.Of(concept)).ToList();
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(rows.SelectMany(concept => concept), WithNulls));
            else
                rows.ForEach(Show);
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
