using NotebookKit.Training;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Directives;
using Microsoft.DotNet.Interactive.Events;

namespace NotebookKit.Notebooks.Engine;

/// <summary>
/// .NET Interactive as both fronts use it: its kernels for C#, HTML and values, <c>#!time</c>, the kit's displays, and what
/// it lacks: interrupts that keep the state, and errors that name the cell's line. One cell runs at a time.
/// </summary>
public sealed class NotebookEngine : IDisposable
{
    /// <summary>The language of a cell that names none.</summary>
    public const string CSharp = "csharp";

    private readonly CompositeKernel _root = new();
    private readonly CSharpKernel _csharp = new CSharpKernel().UseKernelHelpers().UseValueSharing().UseWho();
    private readonly Interruption _interruption = new();
    private readonly Traceback _traceback = new();
    private readonly Task _warm;

    /// <summary>Builds the kernels; the compiler warms up meanwhile.</summary>
    public NotebookEngine()
    {
        _root.Add(_csharp, ["c#", "C#"]);
        _root.Add(new HtmlKernel());
        _root.Add(new KeyValueStoreKernel().UseWho());
        _root.DefaultKernelName = CSharp;
        _root.UseImportMagicCommand();
        _csharp.AddAssemblyReferences([typeof(LoopGuards).Assembly.Location]);
        _csharp.AddMiddleware((command, context, next) => command is SubmitCode ? _interruption.RunAsync(() => next(command, context))
            : next(command, context));
        _csharp.AddDirective(new KernelActionDirective("#!time"), TimeAsync);
        _csharp.RegisterCommandHandler<RequestInput>(AskAsync);
        ValueForms.Register();
        RunningCell.Token = () => _interruption.Token;
        _warm = Task.Run(WarmUpAsync);
    }

    /// <summary>Asks the reader for a line, where there is one; the prompt, and whether what is typed stays hidden.</summary>
    public Func<string, bool, string?>? Ask { get; set; }

    /// <summary>The languages whose cells run here.</summary>
    public IEnumerable<string> Languages => _root.ChildKernels.Select(kernel => kernel.Name);

    /// <summary>Done once the compiler is warm; from then on a cell has begun, and can be interrupted, when <see cref="RunAsync"/>
    /// returns its task.</summary>
    public Task Warm => _warm;

    /// <summary>Runs a cell.</summary>
    /// <param name="code">Its text, magics included.</param>
    /// <param name="number">Its execution count, by which errors name it.</param>
    /// <param name="yields">Called with whatever it yields, one at a time, from any thread.</param>
    /// <param name="language">One of <see cref="Languages"/>.</param>
    /// <returns>What went wrong; null when it ran to its end.</returns>
    public async Task<CellError?> RunAsync(string code, int number, Action<CellYield> yields, string language = CSharp)
    {
        await _warm.ConfigureAwait(false);
        var guarded = language == CSharp && !SwitchesLanguage(code) ? LoopGuards.Insert(code) : code;
        var run = await SubmitAsync(guarded, number, yields, language).ConfigureAwait(false);
        // Said about the cell as its author wrote it: what does not compile has run nothing.
        if (run.Failure?.Exception is CodeSubmissionCompilationErrorException && guarded != code)
            run = await SubmitAsync(code, number, yields, language).ConfigureAwait(false);
        return run.Failure is { } failure ? Explain(failure, run.Diagnostics, code, number) : null;
    }

    /// <summary>Stops the running cell: see <see cref="Interruption"/>.</summary>
    public void Interrupt() => _interruption.Request();

    /// <summary>What may stand at a place of an unfinished cell.</summary>
    public async Task<CompletionsProduced?> CompleteAsync(string code, LinePosition at) =>
        (await SendAsync(new RequestCompletions(code, at, CSharp)).ConfigureAwait(false)).OfType<CompletionsProduced>().LastOrDefault();

    /// <summary>What the compiler knows of the thing at a place of a cell.</summary>
    public async Task<HoverTextProduced?> HoverAsync(string code, LinePosition at) =>
        (await SendAsync(new RequestHoverText(code, at, CSharp)).ConfigureAwait(false)).OfType<HoverTextProduced>().LastOrDefault();

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();

    /// <summary>Whether a cell begins with the name of another language's kernel, as <c>#!html</c>.</summary>
    private bool SwitchesLanguage(string code) =>
        _root.ChildKernels.Any(kernel => kernel != _csharp && code.StartsWith("#!" + kernel.Name, StringComparison.Ordinal));

    private async Task<IReadOnlyCollection<KernelEvent>> SendAsync(KernelCommand command)
    {
        await _warm.ConfigureAwait(false);
        return [.. (await _root.SendAsync(command).ConfigureAwait(false)).Events];
    }

    private async Task<(CommandFailed? Failure, List<Microsoft.DotNet.Interactive.Diagnostic> Diagnostics)> SubmitAsync(string code,
        int number, Action<CellYield> yields, string language)
    {
        CommandFailed? failure = null;
        var diagnostics = new List<Microsoft.DotNet.Interactive.Diagnostic>();
        var gate = new Lock();
        NameCell(number);
        using var abandoned = new CancellationTokenSource();
        _interruption.Begin(abandoned.Cancel);
        var submission = new SubmitCode(code, code.StartsWith("#!", StringComparison.Ordinal) ? null : language);
        try
        {
            using var events = _root.KernelEvents.Subscribe(e =>
            {
                lock (gate)
                {
                    var own = BelongsTo(e.Command, submission); // and not that of a cell which was given up
                    if (e is CommandFailed failed)
                        failure ??= own ? failed : null;
                    else if (e is DiagnosticsProduced produced)
                        diagnostics.AddRange(own ? produced.Diagnostics : []);
                    else if (ValueForms.YieldOf(e) is { } yielded && (own || e is not ReturnValueProduced))
                        yields(yielded);
                }
            });
            try
            {
                var result = await _root.SendAsync(submission, abandoned.Token).ConfigureAwait(false);
                failure ??= result.Events.OfType<CommandFailed>().FirstOrDefault();
            }
            catch (OperationCanceledException e) when (abandoned.IsCancellationRequested)
            {
                failure = new CommandFailed(e, submission, "The cell was interrupted.");
            }
        }
        finally
        {
            _interruption.End();
        }

        return (failure, diagnostics);
    }

    private static bool BelongsTo(KernelCommand? command, KernelCommand submission)
    {
        while (command is not null && command != submission)
            command = command.Parent;
        return command is not null;
    }

    private CellError Explain(CommandFailed failure, List<Microsoft.DotNet.Interactive.Diagnostic> diagnostics, string code, int number)
    {
        _traceback.Remember(number, code);
        if (failure.Exception is OperationCanceledException or ThreadInterruptedException && _interruption.Requested)
            return Traceback.OfInterrupt();
        var errors = diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
        if (failure.Exception is null or CodeSubmissionCompilationErrorException && errors.Count > 0)
            return _traceback.OfCompilation(errors, number);
        return failure.Exception is { } exception ? _traceback.Of(exception) : new CellError("Error", failure.Message, [failure.Message]);
    }

    /// <summary>The compiler calls the cell by its number and keeps its lines, so that errors can tell them.</summary>
    private void NameCell(int number)
    {
        ref var options = ref OptionsOf(_csharp);
        // Every cell inherits the references and imports of the one before: named again, they would grow with each cell.
        if (number > 0)
            options = options.WithReferences(ImmutableArray<MetadataReference>.Empty).WithImports(ImmutableArray<string>.Empty);
        options = options.WithEmitDebugInformation(true).WithFileEncoding(Encoding.UTF8).WithOptimizationLevel(OptimizationLevel.Release)
            .WithFilePath(Traceback.FileOf(number));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_scriptOptions")]
    private static extern ref ScriptOptions OptionsOf(CSharpKernel kernel);

    private static Task TimeAsync(KernelCommand command, KernelInvocationContext context)
    {
        var clock = Stopwatch.StartNew();
        context.OnComplete(c => KernelInvocationContextExtensions.Display(c,
            string.Create(CultureInfo.InvariantCulture, $"Wall time: {clock.Elapsed.TotalMilliseconds:F1} ms"), "text/plain"));
        return Task.CompletedTask;
    }

    private Task AskAsync(RequestInput request, KernelInvocationContext context)
    {
        if (Ask is not { } ask)
            throw new InvalidOperationException("Nobody can be asked for input: this notebook is executed without a user.");
        context.Publish(new InputProduced(ask(request.Prompt, request.IsPassword) ?? "", request));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Has the compiler and what cells commonly touch compiled to machine code before the first cell comes, and gives cells
    /// a <c>display</c> whose updates find what it displayed: the package's own sends them to another id.
    /// </summary>
    private async Task WarmUpAsync()
    {
        const string Typical = """
            using System.IO; using Microsoft.DotNet.Interactive;
            Microsoft.DotNet.Interactive.Formatting.DisplayedValue display(object value, params string[] mimeTypes) =>
                KernelInvocationContextExtensions.Display(KernelInvocationContext.Current, value, mimeTypes);
            { var warm = Enumerable.Range(0, 3).Select(x => $"{x}").ToList(); foreach (var x in warm) { } }
            """;
        NameCell(0);
        await _root.SendAsync(new SubmitCode(Typical, CSharp)).ConfigureAwait(false);
    }
}
