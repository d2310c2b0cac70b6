using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using NotebookKit.Notebooks.Files;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit run</c>: executes one notebook without a front end, and writes it with its outputs.</summary>
internal static class RunVerb
{
    public static Command Create()
    {
        var notebook = new Argument<string>("notebook") { Description = "the .ipynb file" };
        var sets = new Option<string[]>("--set")
        { Description = "name=value: another value for a variable that a cell declares; may be repeated" };
        var output = new Option<string?>("--out")
        { Description = "where the executed notebook goes (NAME.executed.ipynb beside it); an .html file gets the page" };
        var timeout = new Option<double?>("--timeout") { Description = "seconds that one cell may take" };
        var times = new Option<bool>("--times") { Description = "write each cell's times into its metadata" };
        var verb = new Command("run", "Execute a notebook from its first cell to its last, and write it with its outputs.") { notebook,
            sets, output, timeout, times };
        var json = Verb.JsonOption(verb);
        verb.SetAction(async (parse, _) =>
        {
            var path = parse.GetValue(notebook)!;
            var document = NotebookDocument.Load(path);
            foreach (var set in parse.GetValue(sets) ?? [])
            {
                var at = set.IndexOf('=', StringComparison.Ordinal);
                CellSettings.Set(document, at > 0 ? set[..at]
                    : throw new BadInputException($"--set {set}: name=value is wanted, as --set rank=4."), set[(at + 1)..]);
            }

            var seconds = parse.GetValue(timeout);
            if (seconds is <= 0 or > 1e6)
                throw new BadInputException($"--timeout {seconds}: seconds above 0 are wanted, up to 1000000.");
            var target = parse.GetValue(output) ?? Path.ChangeExtension(path, ".executed.ipynb");
            MustBeWritable(target); // told now, not after the training
            using var progress = new NotebookProgress(document.Name);
            using var stop = new StopSignals();
            var runner = new NotebookRunner
            {
                CellStarts = progress.Cell,
                Timeout = seconds is { } most ? TimeSpan.FromSeconds(most) : null,
                RecordTimes = parse.GetValue(times),
            };
            var run = await runner.RunAsync(document, Path.GetDirectoryName(Path.GetFullPath(path))!, stop.Token).ConfigureAwait(false);
            if (target.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
                Checkpoints.AtomicFile.WriteText(target, NotebookPage.Render(document));
            else
                document.Save(target);
            progress.Ended(run);
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(new
                {
                    Notebook = path,
                    Out = target,
                    run.Cells,
                    Seconds = Math.Round(progress.Seconds, 1),
                    Error = run.Failure,
                    run.Stopped,
                    run.Skipped
                }, Verb.Json));
            else
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Cells} cells in {progress.Seconds:F1} s: {target}"));
            return run.Failure is null && !run.Stopped ? 0 : Verb.Failed;
        });
        return verb;
    }

    private static void MustBeWritable(string target)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(target))!;
        try
        {
            Directory.CreateDirectory(folder);
            File.Create(Path.Combine(folder, $".{Guid.NewGuid():N}"), 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--out {target}: {folder} cannot be written; name another place.");
        }
    }
}
