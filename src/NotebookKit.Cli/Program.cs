using System.CommandLine;
using NotebookKit;
using NotebookKit.Cli;

var root = new RootCommand("NotebookKit: fine-tune Stable Diffusion by DreamBooth and LoRA, step by step. Begin with ./kit tutorial; ./kit VERB --help explains a verb.");
foreach (var verb in Verb.All())
    root.Subcommands.Add(verb);
if (args is [] or ["help", ..])
    args = ["--help"];
if (args[0] is not ("--help" or "-h" or "-?" or "--version") && root.Subcommands.All(verb => verb.Name != args[0]))
{
    var near = NearestName.Of(args[0], [.. root.Subcommands.Select(verb => verb.Name)]);
    Console.Error.WriteLine($"kit: '{args[0]}' is no verb of the kit{(near.Count > 0 ? $"; did you mean {string.Join(" or ", near)}?" : ";")} ./kit --help lists them.");
    return Verb.BadInput;
}

return Verb.Run(root, args);
