using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NotebookKit.Notebooks.Engine;

/// <summary>
/// Makes a cell's own loops and functions stoppable: each turn and each call begins by asking whether the cell is being
/// stopped. A few nanoseconds per turn, in the same line, so that error messages keep their line numbers.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class LoopGuards
{
    private const string Call = "global::NotebookKit.Notebooks.Engine.LoopGuards.Check();";

    /// <summary>The cell that the code belongs to which runs here; tasks that it starts belong to it as well.</summary>
    internal static readonly AsyncLocal<int> Cell = new();

    /// <summary>The cell that was last stopped by force; none is 0.</summary>
    internal static volatile int Stopped;

    /// <summary>Called from cells by the code that is added to them.</summary>
    /// <exception cref="OperationCanceledException">The cell is being stopped.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check()
    {
        if (Stopped != 0 && Cell.Value == Stopped)
            throw new OperationCanceledException("The cell was interrupted.");
    }

    /// <summary>The cell with guards in its loops, functions and lambdas.</summary>
    internal static string Insert(string source)
    {
        var tree = CSharpSyntaxTree.ParseText(source,
            CSharpParseOptions.Default.WithKind(SourceCodeKind.Script).WithLanguageVersion(LanguageVersion.Latest));
        var insertions = new List<(int Position, string Text)>();
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            var body = node switch
            {
                WhileStatementSyntax loop => loop.Statement,
                DoStatementSyntax loop => loop.Statement,
                ForStatementSyntax loop => loop.Statement,
                CommonForEachStatementSyntax loop => loop.Statement,
                LocalFunctionStatementSyntax function => function.Body,
                BaseMethodDeclarationSyntax method => method.Body,
                AnonymousFunctionExpressionSyntax lambda => lambda.Block,
                _ => null,
            };
            if (body is BlockSyntax block)
            {
                insertions.Add((block.OpenBraceToken.Span.End, Call));
            }
            else if (body is not null)
            {
                insertions.Add((body.SpanStart, "{" + Call));
                insertions.Add((body.Span.End, "}"));
            }
        }

        var guarded = new StringBuilder(source.Length + insertions.Count * Call.Length);
        var position = 0;
        foreach (var (at, text) in insertions.OrderBy(i => i.Position))
        {
            guarded.Append(source, position, at - position).Append(text);
            position = at;
        }

        return guarded.Append(source, position, source.Length - position).ToString();
    }
}
