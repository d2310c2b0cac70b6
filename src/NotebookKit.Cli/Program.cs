using System.CommandLine;
using NotebookKit.Cli;

var root = new RootCommand("NotebookKit: fine-tune Stable Diffusion by DreamBooth and LoRA, step by step.");
foreach (var verb in Verb.All())
    root.Subcommands.Add(verb);
return Verb.Run(root, args);
