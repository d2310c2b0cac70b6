using System.Text.Json.Nodes;
using NotebookKit.Text;

namespace NotebookKit.Workshop.Parity;

/// <summary>The tokenizer: ids of prompts, padded ids, pieces, other padding tokens, and back to text. All exact.</summary>
internal sealed class TokenizerParity : ParityArea
{
    public override string Name => "tokenizer";

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var reference in folder.Cases)
        {
            var name = (string?)reference["name"] ?? "?";
            if (!folder.Has($"{name}.json"))
                report.Skip(Name, name, $"it has no {name}.json");
            else if (name.StartsWith("prompts", StringComparison.Ordinal))
                report.Run(Name, name, m => Prompts(m, folder, name));
            else if (name.StartsWith("pad_token_", StringComparison.Ordinal))
                report.Run(Name, name, m => Padded(m, folder, name));
            else if (name.StartsWith("decode", StringComparison.Ordinal))
                report.Run(Name, name, m => Decoded(m, folder, name));
            else
                report.Skip(Name, name, "a kind of case that is not known");
        }

        PromptWeights.Run(Name, folder, report);
    }

    private static ClipTokenizer Load(ReferenceFolder folder) => ClipTokenizer.Load(folder.FolderPath);

    private static IEnumerable<JsonObject> Entries(ReferenceFolder folder, string name) =>
        ((JsonArray)folder.LoadJson($"{name}.json")).OfType<JsonObject>();

    private static void Prompts(Measurement measurement, ReferenceFolder folder, string name)
    {
        var tokenizer = Load(folder);
        foreach (var entry in Entries(folder, name))
        {
            var prompt = (string)entry["prompt"]!;
            // The reference tools disagree here and there; the fast tokenizer is the one to agree with.
            var target = Ids(entry["ids_fast"] ?? entry["ids"]);
            Compare(measurement, $"ids of '{prompt}'", tokenizer.Encode(prompt), target);
            if (entry["ids_fast"] is not null)
                continue;
            if (entry["ids_77"] is { } padded)
                Compare(measurement, $"ids_77 of '{prompt}'", tokenizer.EncodePadded(prompt), Ids(padded));
            if (entry["mask_77"] is { } mask)
                Compare(measurement, $"mask_77 of '{prompt}'", tokenizer.AttentionMask(prompt), Ids(mask));
            if (entry["tokens"] is JsonArray tokens)
                Compare(measurement, $"tokens of '{prompt}'", tokenizer.Tokenize(prompt), [.. tokens.Select(token => (string)token!)]);
        }
    }

    private static void Padded(Measurement measurement, ReferenceFolder folder, string name)
    {
        var vocabulary = Load(folder).Vocabulary;
        var id = int.Parse(name.AsSpan("pad_token_".Length), System.Globalization.CultureInfo.InvariantCulture);
        var tokenizer = new ClipTokenizer(vocabulary, vocabulary.TokenOf(id));
        foreach (var entry in Entries(folder, name))
            Compare(measurement, $"ids_77 of '{(string?)entry["prompt"]}'", tokenizer.EncodePadded((string)entry["prompt"]!),
                Ids(entry["ids_77"]));
    }

    private static void Decoded(Measurement measurement, ReferenceFolder folder, string name)
    {
        var tokenizer = Load(folder);
        foreach (var entry in Entries(folder, name))
        {
            var ids = Ids(entry["ids"]);
            measurement.Add($"decoded [{string.Join(", ", ids)}]", tokenizer.Decode(ids) == (string?)entry["decode_skip_special"] ? 0 : 1,
                0);
        }
    }

    private static int[] Ids(JsonNode? node) =>
        [.. (node as JsonArray ?? throw new BadInputException("A tokenizer case has no ids.")).Select(id => (int)id!)];

    private static void Compare<T>(Measurement measurement, string what, IReadOnlyList<T> actual, IReadOnlyList<T> expected) =>
        measurement.Add(what, actual.SequenceEqual(expected) ? 0 : 1, 0);
}
