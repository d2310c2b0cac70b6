using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotebookKit.Checkpoints;
using NotebookKit.Cli.Doctor;
using NotebookKit.Display;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit tutorial</c>: runs the course's notebooks with real training, and leaves each with its outputs and as a page.</summary>
internal static partial class TutorialVerb
{
    private static string Course => Path.Combine(Checkout.Root, "notebooks");

    public static Command Create()
    {
        var names = new Argument<string[]>("notebook")
        {
            Description = "which ones, by name or its start, or all (the first)",
            Arity = ArgumentArity.ZeroOrMore
        };
        var quick = new Option<bool>("--quick") { Description = "train only enough to prove that every cell runs" };
        var save = new Option<bool>("--save") { Description = "also write the outputs back into notebooks/" };
        var verb = new Command("tutorial",
            "Run the first notebook, those named, or all, with real training; results in artifacts/tutorial/.") { names, quick, save };
        var json = Verb.JsonOption(verb);
        verb.SetAction(async (parse, _) =>
        {
            if (parse.GetValue(quick) && parse.GetValue(save))
                throw new BadInputException("--quick and --save exclude each other: what is committed comes from a full run.");
            var chosen = Find(parse.GetValue(names) ?? []);
            Environment.SetEnvironmentVariable(RunScale.Variable, parse.GetValue(quick) ? "1" : "0");
            Directory.CreateDirectory(Checkout.Artifacts("tutorial"));
            var results = new List<Result>();
            using var stop = new StopSignals();
            foreach (var path in chosen)
                if (!stop.Token.IsCancellationRequested)
                    results.Add(await RunAsync(path, parse.GetValue(save), stop.Token).ConfigureAwait(false));
            Report(results, parse.GetValue(json));
            return results.Count == chosen.Count && results.All(result => result is { Error: null, Stopped: false }) ? 0 : Verb.Failed;
        });
        return verb;
    }

    /// <summary>A name may leave out the folder, the ending, or all but its start.</summary>
    private static List<string> Find(string[] names)
    {
        var course = Directory.Exists(Course) ? Directory.GetFiles(Course, "*.ipynb").Order(StringComparer.Ordinal).ToList() : [];
        if (course.Count == 0)
            throw new BadInputException("notebooks/ holds no notebook; take the folder from the repository again.");
        if (names is ["all"])
            return course;
        return names.Length == 0 ? course[..1] : [.. names.Select(One)];

        string One(string name)
        {
            var stem = Stem(name).Replace(".ipynb", "", StringComparison.Ordinal);
            var matches = course.Where(path => Stem(path) == stem + ".ipynb").DefaultIfEmpty().First() is { } exact ? [exact]
                : course.Where(path => Stem(path).StartsWith(stem, StringComparison.Ordinal)).ToList();
            return matches.Count == 1 ? matches[0] : throw new BadInputException((matches.Count == 0
                ? $"There is no notebook '{name}'" : $"'{name}' is the beginning of {matches.Count} notebooks") + "; notebooks/ holds "
                + $"{string.Join(", ", course.Select(Path.GetFileNameWithoutExtension))}.");
        }

        static string Stem(string path) => Path.GetFileName(path);
    }

    private static async Task<Result> RunAsync(string path, bool save, CancellationToken cancel)
    {
        var notebook = NotebookDocument.Load(path);
        using var progress = new NotebookProgress(notebook.Name);
        var run = await new NotebookRunner { CellStarts = progress.Cell }.RunAsync(notebook, Course, cancel).ConfigureAwait(false);
        var (executed, page) = (Checkout.Artifacts("tutorial", notebook.Name + ".ipynb"),
            Checkout.Artifacts("tutorial", notebook.Name + ".html"));
        // One folder deeper than notebooks/: links to the repository's files go one up more.
        var moved = notebook.Copy();
        foreach (var cell in moved.Cells.Where(cell => cell.IsMarkdown))
            cell.Source = RelativeLink().Replace(cell.Source, "$1../../");
        moved.Save(executed, Checkout.Root);
        AtomicFile.WriteText(page, NotebookPage.Render(moved).Replace(Checkout.Root, ".", StringComparison.Ordinal));
        if (save && run is { Failure: null, Stopped: false })
        {
            notebook.Save(path, Checkout.Root);
            // The translation has the same code and the same outputs.
            var translated = Path.Combine(Course, "zh", Path.GetFileName(path));
            if (File.Exists(translated))
                NotebookTranslation.Refresh(notebook, NotebookDocument.Load(translated)).Save(translated, Checkout.Root);
        }

        progress.Ended(run);
        return new Result(notebook.Name, Math.Round(progress.Seconds, 1), run.Cells, run.Failure, run.Stopped, Checkout.Relative(executed),
            Checkout.Relative(page));
    }

    private static void Report(List<Result> results, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                Out = Checkout.Relative(Checkout.Artifacts("tutorial")),
                Seconds = Math.Round(results.Sum(result => result.Seconds), 1),
                Notebooks = results
            }, Verb.Json));
            return;
        }

        Console.WriteLine($"{results.Count(result => result is { Error: null, Stopped: false })} of {results.Count} notebooks ran; the "
            + "executed notebooks and their pages:");
        foreach (var result in results)
            Console.WriteLine($"  {result.Page}"
                + (result.Error is not null ? "   (stopped at an error)" : result.Stopped ? "   (stopped)" : ""));
    }

    [GeneratedRegex("""(\]\(|(?:src|href)=")\.\./""")]
    private static partial Regex RelativeLink();

    private sealed record Result(string Name, double Seconds, int Cells, string? Error, bool Stopped, string Executed, string Page);
}
