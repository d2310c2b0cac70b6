using System.CommandLine;
using NotebookKit;
using NotebookKit.Cli;

const string What = "NotebookKit: fine-tune Stable Diffusion by DreamBooth and LoRA, step by step. Begin with ./kit tutorial; ./kit VERB "
    + "--help explains a verb.";
if (args is [] or ["help" or "--help" or "-h" or "-?", ..])
{
    Console.WriteLine(What);
    foreach (var (heading, verbs) in new[] { ("To learn and to use:", Verb.Learners),
        ("To make, measure and check the kit itself:", Verb.Makers) })
        Console.WriteLine($"\n{heading}\n{string.Join('\n', verbs.Select(verb => $"  {verb.Name,-18}{verb.Create().Description}"))}");
    return 0;
}

var root = new RootCommand(What);
var asked = Verb.All.Where(verb => verb.Name == args[0]).ToList();
if (asked.Count == 0 && args[0] != "--version")
{
    var near = NearestName.Of(args[0], [.. Verb.All.Select(verb => verb.Name)]);
    Console.Error.WriteLine($"kit: '{args[0]}' is no verb of the "
        + $"kit{(near.Count > 0 ? $"; did you mean {string.Join(" or ", near)}?" : ";")} ./kit --help lists them.");
    return Verb.BadInput;
}

foreach (var (_, create) in asked.Count > 0 ? asked : Verb.All)
    root.Subcommands.Add(create());
return Verb.Run(root, args);
