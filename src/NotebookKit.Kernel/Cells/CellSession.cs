using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace NotebookKit.Kernel.Cells;

/// <summary>
/// The state that goes from cell to cell: a chain of C# script submissions. A cell that does not compile leaves no trace;
/// one that throws keeps what it had assigned.
/// </summary>
internal sealed class CellSession
{
    private readonly Traceback _traceback = new();
    private readonly ScriptOptions _options;
    private readonly Task<ScriptState<object>> _base;
    private ScriptState<object>? _state;

    /// <param name="globals">Whose members cells call by name.</param>
    /// <param name="folder">What <c>#r "relative.dll"</c> and <c>#load</c> are relative to: the notebook's folder.</param>
    public CellSession(CellGlobals globals, string folder)
    {
        _options = ScriptOptions.Default
            // The kernel itself is referenced for the guards in loops.
            .WithReferences([.. FrameworkAssemblies(), MetadataReference.CreateFromFile(typeof(LoopGuards).Assembly.Location)])
            .WithImports("System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading.Tasks")
            .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(folder))
            .WithSourceResolver(ScriptSourceResolver.Default.WithBaseDirectory(folder))
            .WithLanguageVersion(LanguageVersion.Latest)
            .WithOptimizationLevel(OptimizationLevel.Release)
            .WithEmitDebugInformation(true)
            .WithFileEncoding(Encoding.UTF8);
        _base = Task.Run(() => WarmUpAsync(globals));
    }

    /// <summary>Options of every submission but the first: references and imports are inherited.</summary>
    private ScriptOptions Continued => _options.WithReferences(ImmutableArray<MetadataReference>.Empty).WithImports(ImmutableArray<string>.Empty);

    /// <summary>Runs a cell in the calling thread.</summary>
    /// <param name="source">C# script.</param>
    /// <param name="number">The cell's execution count, for error messages.</param>
    /// <param name="cell">How it can be stopped.</param>
    /// <returns>The trailing expression's value, or the error.</returns>
    public (object? Value, CellError? Error) Run(string source, int number, StoppableCell cell)
    {
        _traceback.Remember(number, source);
        var previous = State;
        var options = Continued.WithFilePath(Traceback.FileOf(number));
        Script<object> script;
        try
        {
            script = previous.Script.ContinueWith<object>(LoopGuards.Insert(source), options);
            if (ErrorsOf(script, cell.Token).Count > 0)
            {
                // Said about the cell as its author wrote it.
                var errors = ErrorsOf(script = previous.Script.ContinueWith<object>(source, options), cell.Token);
                if (errors.Count > 0)
                    return (null, _traceback.OfCompilation(errors));
            }
        }
        catch (OperationCanceledException)
        {
            return (null, Traceback.OfInterrupt(aborted: false));
        }

        if (cell.Requested)
            return (null, Traceback.OfInterrupt(aborted: false));
        ScriptState<object>? state = null;
        try
        {
            cell.Run(() => state = CellThread.Run(cell, () => script.RunFromAsync(previous, _ => true)));
        }
        catch (Exception e) when (state is null)
        {
            return (null, cell.Requested ? Traceback.OfInterrupt(aborted: true) : _traceback.Of(e));
        }
        catch (Exception) when (cell.Requested)
        {
            // Stopped when all was done: what the cell has is whole.
        }

        _state = state;
        return state!.Exception switch
        {
            null => (state.ReturnValue, null),
            OperationCanceledException or ThreadInterruptedException when cell.Requested => (null, Traceback.OfInterrupt(aborted: false)),
            var thrown => (null, _traceback.Of(thrown)),
        };
    }

    /// <summary>One sentence about a cell that was not run.</summary>
    public CellError Refuse(CellException problem, int number) => _traceback.Of(problem, number);

    /// <summary>An error met outside the cell's run, as when its value is formatted.</summary>
    public CellError Explain(Exception e) => _traceback.Of(e);

    /// <summary>The unfinished cell <paramref name="source"/> as the compiler sees it after the cells that ran.</summary>
    public CSharpCompilation Analyse(string source) =>
        (CSharpCompilation)State.Script.ContinueWith<object>(source, Continued).GetCompilation();

    private static List<Diagnostic> ErrorsOf(Script<object> script, CancellationToken cancel)
    {
        IEnumerable<Diagnostic> diagnostics;
        try
        {
            diagnostics = script.Compile(cancel);
        }
        catch (CompilationErrorException e)
        {
            diagnostics = e.Diagnostics;
        }

        return diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
    }

    private ScriptState<object> State => _state ??= _base.GetAwaiter().GetResult();

    /// <summary>
    /// Makes the empty first submission, and a throw-away one that has the compiler and what cells commonly touch compiled
    /// to machine code while Jupyter is still shaking hands.
    /// </summary>
    private async Task<ScriptState<object>> WarmUpAsync(CellGlobals globals)
    {
        var first = await CSharpScript.Create<object>("", _options, typeof(CellGlobals)).RunAsync(globals).ConfigureAwait(false);
        const string Typical = """
            using System.Text;
            record Pair(int A, string B);
            int Twice(int x) => 2 * x;
            var pairs = Enumerable.Range(0, 3).Select(i => new Pair(Twice(i), $"{i:F1}")).ToList();
            await Task.Yield();
            pairs.Where(p => p.A > 1).Select(p => new { p.A, p.B }).ToArray()
            """;
        await first.Script.ContinueWith<object>(Typical, Continued.WithFilePath("warm-up")).RunFromAsync(first).ConfigureAwait(false);
        return first;
    }

    private static IEnumerable<MetadataReference> FrameworkAssemblies()
    {
        var folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == folder)
            .Select(path => MetadataReference.CreateFromFile(path));
    }
}
