using System.CommandLine;
using System.Text.Json;
using NotebookKit.Images;
using NotebookKit.Pipeline;
using NotebookKit.Text;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit tokens</c>: what CLIP's tokenizer makes of words or of a prompt.</summary>
internal static class TokensVerb
{
    private const int MostFound = 500;
    private const int PicturesEach = 4;
    private static readonly Argument<string[]> Words = new("WORD")
    {
        Description = "candidate identifiers",
        Arity = ArgumentArity.ZeroOrMore
    };
    private static readonly Option<string?> ClassName =
        new("--class") { Description = "the class that the identifier will stand before, like toy" };
    private static readonly Option<int?> Search = new("--search") { Description = "find so many good identifiers" };
    private static readonly Option<bool> Single = new("--single") { Description = "with --search: only words that are one token" };
    private static readonly Option<string?> Base = BaseOption.Optional("where the words lie in its text encoder, and what is near");
    private static readonly Option<string?> On = DeviceOption.Create();
    private static readonly Option<string?> Draw =
        new("--draw") { Description = "with --base: a .png to write, with what it draws for each word" };
    private static readonly Option<string?> Prompt =
        new("--prompt") { Description = "show the tokens of a whole prompt, with weights and chunks" };
    private static readonly Option<int> Steps = new("--steps")
    {
        Description = "with --prompt: how many steps [from:to:when] is to count",
        DefaultValueFactory = _ => 20
    };

    public static Command Create()
    {
        var command = new Command("tokens", "Show the tokens of words, and how well each would name a new subject; or those of a prompt.")
            { Words };
        foreach (var option in new Option[] { ClassName, Search, Single, Base, On, Draw, Prompt, Steps })
            command.Options.Add(option);
        var json = Verb.JsonOption(command);
        command.SetAction((parse, cancel) => Task.FromResult(Run(parse, parse.GetValue(json), cancel)));
        return command;
    }

    private static int Run(ParseResult parse, bool json, CancellationToken cancel)
    {
        var words = parse.GetValue(Words) ?? [];
        if (parse.GetValue(Prompt) is { } text)
        {
            if (words.Length > 0 || parse.GetValue(Search) is not null)
                throw new BadInputException("Give words, --search or --prompt, not two of them.");
            TokensOfPrompt.Show(text, parse.GetValue(Steps), json);
            return 0;
        }

        var className = parse.GetValue(ClassName);
        if (parse.GetValue(Search) is { } count)
        {
            if (words.Length > 0)
                throw new BadInputException("Give words, --search or --prompt, not two of them.");
            if (count is < 1 or > MostFound)
                throw new BadInputException($"--search {count} is not possible; take 1 to {MostFound}.");
            words = [.. (parse.GetValue(Single) ? IdentifierSearch.SingleTokens(count, className)
                : IdentifierSearch.NewWords(count, className)).Select(found => found.Word)];
        }

        if (words.Length == 0)
            throw new BadInputException("Give at least one word, --search 10, or --prompt \"…\".");
        var judged = words.Select(word => IdentifierRarity.Of(word, className)).ToList();
        if (parse.GetValue(Base) is { } folder)
        {
            using var model = StableDiffusion.Load(folder, DeviceOption.Of(parse.GetValue(On)));
            using var probe = new IdentifierProbe(model, className);
            judged = [.. words.Select(word => probe.Judge(word))];
            if (parse.GetValue(Draw) is { } file)
                DrawTo(file, probe, judged, cancel);
        }
        else if (parse.GetValue(Draw) is not null)
        {
            throw new BadInputException("--draw needs --base, the model that is to draw, such as --base data/base-mini.");
        }

        if (json)
            Console.WriteLine(JsonSerializer.Serialize(judged.Select(Row), Verb.Json));
        else
            judged.ForEach(Show);
        return 0;
    }

    // One row for each word, and above them the class alone: what a word without meaning should look like.
    private static void DrawTo(string file, IdentifierProbe probe, List<IdentifierRarity> words, CancellationToken cancel)
    {
        var pictures = new List<RgbImage>();
        var captions = new List<string>();
        foreach (var word in words.Select(word => word.Word).Prepend(""))
        {
            Console.Error.WriteLine($"drawing \"{probe.PromptFor(word)}\" ({captions.Count / PicturesEach + 1} of {words.Count + 1})");
            pictures.AddRange(probe.Draw(word, PicturesEach, cancel: cancel));
            captions.AddRange(Enumerable.Repeat(probe.PromptFor(word), PicturesEach));
        }

        ImageGrid.Render(pictures, PicturesEach, captions, cell: Math.Max(pictures[0].Width, 128)).SavePng(file);
    }

    private static object Row(IdentifierRarity word) => new
    {
        word.Word,
        word.Ids,
        word.Tokens,
        word.Ranks,
        word.IsSingleToken,
        word.IsKnownWord,
        word.ContainsClassWord,
        word.EndsInClassWord,
        Verdict = word.Verdict.ToString().ToLowerInvariant(),
        word.Reasons,
        word.Embedding,
    };

    private static void Show(IdentifierRarity word)
    {
        Console.WriteLine($"{word.Word}: {word.Verdict.ToString().ToLowerInvariant()}");
        for (var i = 0; i < word.Ids.Count; i++)
            Console.WriteLine(FormattableString.Invariant(
                $"  {word.Ids[i],6}  {word.Tokens[i],-20} {(word.Ranks[i] is { } rank ? $"rank {rank}" : "a letter")}"));
        foreach (var reason in word.Reasons)
            Console.WriteLine($"  - {reason}");
    }
}
