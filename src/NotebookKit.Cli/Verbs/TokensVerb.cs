using System.CommandLine;
using System.Text.Json;
using NotebookKit.Text;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit tokens</c>: what CLIP's tokenizer makes of words or of a prompt.</summary>
internal static class TokensVerb
{
    public static Command Create()
    {
        var words = new Argument<string[]>("WORD") { Description = "candidate identifiers", Arity = ArgumentArity.ZeroOrMore };
        var className = new Option<string?>("--class") { Description = "the class that the identifier will stand before, like toy" };
        var prompt = new Option<string?>("--prompt") { Description = "show the tokens of a whole prompt" };
        var command = new Command("tokens", "Show the tokens of words, and how well each would name a new subject.") { words, className, prompt };
        var json = Verb.JsonOption(command);
        command.SetAction(parse =>
        {
            var candidates = parse.GetValue(words) ?? [];
            if (parse.GetValue(prompt) is { } text)
            {
                if (candidates.Length > 0)
                    throw new BadInputException("Give words or --prompt, not both.");
                ShowPrompt(text, parse.GetValue(json));
                return 0;
            }

            if (candidates.Length == 0)
                throw new BadInputException("Give at least one word, or --prompt \"…\".");
            var judged = candidates.Select(word => IdentifierRarity.Of(word, parse.GetValue(className))).ToList();
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(judged.Select(Row), Verb.Json));
            else
                judged.ForEach(Show);
            return 0;
        });
        return command;
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
    };

    private static void Show(IdentifierRarity word)
    {
        Console.WriteLine($"{word.Word}: {word.Verdict.ToString().ToLowerInvariant()}");
        for (var i = 0; i < word.Ids.Count; i++)
            Console.WriteLine(FormattableString.Invariant($"  {word.Ids[i],6}  {word.Tokens[i],-20} {(word.Ranks[i] is { } rank ? $"rank {rank}" : "a letter")}"));
        foreach (var reason in word.Reasons)
            Console.WriteLine($"  - {reason}");
    }

    private static void ShowPrompt(string prompt, bool json)
    {
        var tokenizer = ClipTokenizer.Default;
        var ids = tokenizer.Encode(prompt);
        var tokens = ids.Select(tokenizer.TokenOf).ToList();
        var truncated = ids.Count > ClipTokenizer.ModelMaxLength;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { Prompt = prompt, Ids = ids, Tokens = tokens, Truncated = truncated }, Verb.Json));
            return;
        }

        for (var i = 0; i < ids.Count; i++)
            Console.WriteLine(FormattableString.Invariant($"  {i,4}  {ids[i],6}  {tokens[i]}"));
        var room = ClipTokenizer.ModelMaxLength - 2;
        Console.WriteLine($"{ids.Count - 2} of {room} tokens{(truncated ? $": only the first {room} reach the model" : "")}");
    }
}
