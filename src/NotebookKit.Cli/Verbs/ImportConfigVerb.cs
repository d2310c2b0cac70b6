using System.CommandLine;
using System.Text.Json;
using NotebookKit.Interop;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit import-config</c>: another trainer's configuration as a run card.</summary>
internal static class ImportConfigVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        { Description = "kohya's TOML (of --config_file or --dataset_config), or the web UI extension's db_config.json" };
        var output = new Option<string?>("--out") { Description = "the run card (FILE's name with .card.json)" };
        var verb = new Command("import-config", "Read another trainer's configuration into a run card, which kit train --from-card trains.")
        { file, output };
        var json = Verb.JsonOption(verb);
        verb.SetAction(parse =>
        {
            var from = parse.GetValue(file)!;
            if (!File.Exists(from))
                throw new BadInputException($"There is no file {from}; give kohya's TOML or a db_config.json.");
            var imported = Path.GetExtension(from).ToLowerInvariant() switch
            {
                ".toml" => KohyaImport.Of(from),
                ".json" => ExtensionImport.Of(from),
                var ending => throw new BadInputException($"{from}: a configuration ends in .toml (kohya's) or .json (the extension's), "
                    + $"not '{ending}'."),
            };
            var card = parse.GetValue(output) ?? Path.ChangeExtension(from, ".card.json");
            imported.Card.Write(card);
            if (parse.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { Card = card, imported.Missing }, Verb.Json));
                return;
            }

            Console.WriteLine($"{card}: kit train --from-card {card} trains it; further flags change it.");
            foreach (var sentence in imported.Missing)
                Console.WriteLine($"not taken over: {sentence}");
        });
        return verb;
    }
}
