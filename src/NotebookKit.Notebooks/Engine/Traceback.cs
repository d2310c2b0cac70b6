using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.DotNet.Interactive;

namespace NotebookKit.Notebooks.Engine;

/// <summary>
/// Errors as a learner can read them: what went wrong, then where, innermost first, as cell, line and the line's text.
/// Frames of the script engine, of the runtime and of the kit's insides are left out.
/// </summary>
internal sealed partial class Traceback
{
    private const int MostFrames = 10;
    private const string Red = "\e[31m", Green = "\e[32m", Dim = "\e[2m", Plain = "\e[0m";
    private static readonly string[] Hidden = ["NotebookKit", "TorchSharp", "System", "Microsoft", "kit-cli"];
    private readonly Dictionary<string, string[]> _cells = [];

    /// <summary>The name under which the compiler knows a cell.</summary>
    public static string FileOf(int cell) => string.Create(CultureInfo.InvariantCulture, $"cell {cell}");

    /// <summary>Keeps a cell's text for errors to come.</summary>
    public void Remember(int cell, string source) => _cells[FileOf(cell)] = source.Split('\n');

    /// <summary>Errors of the compiler, at most five.</summary>
    public CellError OfCompilation(IReadOnlyList<Diagnostic> errors, int cell)
    {
        // A name that is missing in a line is often missing twice.
        var different = errors.DistinctBy(e => (e.Code, e.Message, e.LinePositionSpan.Start.Line)).ToList();
        var lines = new List<string>();
        foreach (var error in different.Take(5))
        {
            var line = error.LinePositionSpan.Start.Line + 1;
            lines.Add($"{Red}{error.Code}{Plain}: {error.Message}");
            lines.Add($"  {Green}{Place(FileOf(cell), line)}{Plain}");
            if (LineOf(FileOf(cell), line) is { } text)
                lines.AddRange(Underline(text, error.LinePositionSpan));
        }

        if (different.Count > 5)
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"… and {different.Count - 5} more"));
        return new CellError("CompilationError", $"{errors[0].Code}: {errors[0].Message}", lines);
    }

    /// <summary>An exception that a cell threw.</summary>
    public CellError Of(Exception thrown)
    {
        var exception = Unwrap(thrown);
        var lines = new List<string>();
        for (var e = exception; e is not null; e = Cause(e))
        {
            lines.Add($"{(e == exception ? "" : "caused by ")}{Red}{NameOf(e)}{Plain}: {MessageOf(e)}");
            lines.AddRange(Frames(e));
        }

        return new CellError(NameOf(exception), MessageOf(exception), lines);
    }

    // libtorch's own message goes on with its native stack, which tells a learner nothing.
    private static string MessageOf(Exception e) =>
        e is ExternalException && e.Message.IndexOf("\nException raised from", StringComparison.Ordinal) is > 0 and var stack
            ? e.Message[..stack].Split('\n')[0].TrimEnd() : e.Message;

    /// <summary>A cell that was interrupted.</summary>
    public static CellError OfInterrupt()
    {
        const string Message = "The cell was interrupted. What it finished before is kept.";
        return new CellError("Interrupted", Message, [$"{Red}Interrupted{Plain}: {Message}"]);
    }

    private List<string> Frames(Exception e)
    {
        var lines = new List<string>();
        var hidden = 0;
        foreach (var frame in new StackTrace(e, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetMethod() is not { } method || IsPlumbing(method))
                continue;
            // The compiler makes the cell's name a path below the notebook's folder.
            var file = Path.GetFileName(frame.GetFileName());
            var inCell = file is not null && _cells.ContainsKey(file);
            if (lines.Count >= MostFrames && !inCell)
            {
                hidden++;
                continue;
            }

            var member = MemberName(method);
            if (inCell)
            {
                var text = LineOf(file!, frame.GetFileLineNumber())?.Trim();
                lines.Add($"  {Green}{Place(file!, frame.GetFileLineNumber())}{Plain}"
                    + $"{(member.Length > 0 ? $", in {member}" : "")}{(text is null ? "" : $": {text}")}");
            }
            else if (method.DeclaringType?.Assembly.IsDynamic != true)
            {
                lines.Add($"  {Dim}in {member}{Plain}");
            }
        }

        if (hidden > 0)
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {Dim}… and {hidden} more{Plain}"));
        return lines;
    }

    /// <summary>The line and a mark below the fault; of a long line the part around it.</summary>
    private static IEnumerable<string> Underline(string text, LinePositionSpan span)
    {
        const int Widest = 100;
        var column = Math.Min(span.Start.Character, text.Length);
        var width = span.End.Line == span.Start.Line ? Math.Max(1, span.End.Character - span.Start.Character) : 1;
        var from = text.Length <= Widest ? 0 : Math.Max(0, Math.Min(column - Widest / 2, text.Length - Widest));
        var part = text.Substring(from, Math.Min(Widest, text.Length - from)).Replace('\t', ' ');
        yield return $"    {(from > 0 ? "…" : "")}{part}{(from + Widest < text.Length ? "…" : "")}";
        yield return $"    {new string(' ', column - from + (from > 0 ? 1 : 0))}{Red}{new string('^', Math.Min(width, Widest))}{Plain}";
    }

    private static string Place(string file, int line) => string.Create(CultureInfo.InvariantCulture, $"{file}, line {line}");

    private string? LineOf(string file, int line) =>
        _cells.TryGetValue(file, out var lines) && line >= 1 && line <= lines.Length ? lines[line - 1] : null;

    private static string NameOf(Exception e) => TypeName(e.GetType());

    private static Exception Unwrap(Exception e) => e switch
    {
        AggregateException { InnerExceptions: [var single] } => Unwrap(single),
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        _ => e,
    };

    /// <summary>What is behind an exception, unless its message says it already.</summary>
    private static Exception? Cause(Exception e) =>
        e.InnerException is { } inner && Unwrap(inner) is var cause && !e.Message.Contains(cause.Message, StringComparison.Ordinal) ? cause
            : null;

    private static bool IsPlumbing(MethodBase method)
    {
        var assembly = method.Module.Assembly.GetName().Name ?? "";
        return Hidden.Any(name => assembly == name || assembly.StartsWith(name + ".", StringComparison.Ordinal))
            || method.IsDefined(typeof(StackTraceHiddenAttribute), false)
            || (method.Name == "<Factory>" && SubmissionClass().IsMatch(method.DeclaringType?.Name ?? ""));
    }

    /// <summary>
    /// A method as its author wrote it: <c>Dog.Bark</c>, <c>Area</c>, <c>a lambda</c>; empty for a cell's own lines.
    /// The compiler's names are <c>&lt;Name&gt;d__1.MoveNext</c> (async, iterator), <c>&lt;Name&gt;b__0</c> (lambda) and
    /// <c>&lt;Outer&gt;g__Name|0</c> (local function).
    /// </summary>
    private static string MemberName(MethodBase method)
    {
        var type = method.DeclaringType;
        var name = method.Name;
        if (name == "MoveNext" && type?.Name.StartsWith('<') == true)
        {
            name = type.Name;
            type = type.DeclaringType;
        }

        while (type is not null && type.Name.StartsWith('<'))
            type = type.DeclaringType;

        if (GeneratedName().Match(name) is { Success: true } generated)
        {
            var (outer, kind, local) = (generated.Groups[1].Value, generated.Groups[2].Value, generated.Groups[3].Value);
            name = kind switch
            {
                "g" => local,
                "b" => "a lambda",
                _ => outer,
            };
        }

        if (name is "<Initialize>" or "Initialize")
            name = "";
        else if (name is ".ctor")
            name = "the constructor";
        else if (name is ".cctor")
            name = "the static constructor";

        if (type is null || SubmissionClass().IsMatch(type.Name))
            return name;
        return name.StartsWith("the ", StringComparison.Ordinal) ? $"{name} of {TypeName(type)}" : $"{TypeName(type)}.{name}";
    }

    private static string TypeName(Type type) => type.Name.Split('`')[0];

    [GeneratedRegex(@"^<(<?\w*>?)>([a-z])__(\w*)")]
    private static partial Regex GeneratedName();

    [GeneratedRegex(@"^Submission#\d+$")]
    private static partial Regex SubmissionClass();
}
