using System.CommandLine;
using System.Diagnostics;
using NotebookKit.Cli;

namespace NotebookKit.Tests.Cli;

/// <summary>Runs the command line as a process of its own, as a learner does.</summary>
internal static class KitCommand
{
    /// <summary>Runs <c>kit-cli</c> and waits for it.</summary>
    public static (int Code, string Output, string Error) Run(params string[] arguments) => RunWith([], arguments);

    /// <summary>Runs it with some variables of the environment set otherwise.</summary>
    public static (int Code, string Output, string Error) RunWith(Dictionary<string, string?> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "kit-cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs it in this process, for tests of many calls; they belong into the collection "Console".</summary>
    public static (int Code, string Error) RunHere(params string[] arguments)
    {
        var (output, error, said) = (Console.Out, Console.Error, new StringWriter());
        Console.SetOut(TextWriter.Null);
        Console.SetError(said);
        try
        {
            var verbs = new RootCommand();
            foreach (var (name, create) in Verb.All.Where(verb => verb.Name == arguments[0]))
                verbs.Subcommands.Add(create());
            return (Verb.Run(verbs, arguments), said.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
