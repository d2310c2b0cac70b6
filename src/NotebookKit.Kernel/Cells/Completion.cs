using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NotebookKit.Kernel.Cells;

/// <summary>What can be typed at the cursor: members after a dot, else names in scope and C#'s words.</summary>
internal static class Completion
{
    private const int Most = 300;

    public static JsonObject Complete(CellSession session, string code, int cursor)
    {
        var end = CursorText.ToUtf16(code, cursor);
        var start = end;
        while (start > 0 && (char.IsLetterOrDigit(code[start - 1]) || code[start - 1] == '_'))
            start--;
        var typed = code[start..end];

        var compilation = session.Analyse(code);
        var model = compilation.GetSemanticModel(compilation.SyntaxTrees.Last());
        var candidates = Candidates(model, start)
            .Where(c => c.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .DistinctBy(c => c.Name)
            .OrderBy(c => !c.Name.StartsWith(typed, StringComparison.Ordinal))
            .ThenBy(c => c.Name, StringComparer.OrdinalIgnoreCase)
            .Take(Most)
            .ToList();

        var (from, to) = (CursorText.ToCodePoints(code, start), CursorText.ToCodePoints(code, end));
        var types = candidates.Select(c => (JsonNode)new JsonObject { ["text"] = c.Name, ["type"] = c.Kind, ["start"] = from, ["end"] = to });
        return new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. candidates.Select(c => (JsonNode)c.Name)]),
            ["cursor_start"] = from,
            ["cursor_end"] = to,
            ["metadata"] = new JsonObject { ["_jupyter_types_experimental"] = new JsonArray([.. types]) },
        };
    }

    private static IEnumerable<(string Name, string Kind)> Candidates(SemanticModel model, int position)
    {
        var left = Left(model.SyntaxTree.GetRoot(), position);
        IEnumerable<ISymbol> symbols;
        if (left is null)
        {
            symbols = model.LookupSymbols(position);
        }
        else if (model.GetSymbolInfo(left).Symbol is INamespaceOrTypeSymbol container)
        {
            symbols = model.LookupSymbols(position, container).Where(s => s.IsStatic || s is INamespaceOrTypeSymbol);
        }
        else
        {
            symbols = model.GetTypeInfo(left).Type is { } type
                ? model.LookupSymbols(position, type, includeReducedExtensionMethods: true).Where(s => !s.IsStatic && s is not ITypeSymbol)
                : [];
        }

        var names = symbols.Where(s => s.CanBeReferencedByName && !s.IsImplicitlyDeclared).Select(s => (s.Name, Kind(s)));
        return left is null ? names.Concat(Keywords()) : names;
    }

    /// <summary>The expression or name whose member is being typed; null when there is no dot before the cursor.</summary>
    private static SyntaxNode? Left(SyntaxNode root, int position)
    {
        if (position == 0)
            return null;
        var dot = root.FindToken(position - 1);
        if (!dot.IsKind(SyntaxKind.DotToken) || dot.Span.End > position)
            return null;
        return dot.Parent switch
        {
            MemberAccessExpressionSyntax access => access.Expression,
            QualifiedNameSyntax name => name.Left,
            MemberBindingExpressionSyntax binding => binding.FirstAncestorOrSelf<ConditionalAccessExpressionSyntax>()?.Expression,
            _ => null,
        };
    }

    private static IEnumerable<(string Name, string Kind)> Keywords() =>
        SyntaxFacts.GetKeywordKinds().Where(SyntaxFacts.IsReservedKeyword).Select(SyntaxFacts.GetText).Concat(["await", "async", "record", "var", "with"]).Select(k => (k, "keyword"));

    private static string Kind(ISymbol symbol) => symbol switch
    {
        IMethodSymbol => "function",
        IPropertySymbol => "property",
        IFieldSymbol or ILocalSymbol or IParameterSymbol => "instance",
        INamespaceSymbol => "module",
        ITypeSymbol => "class",
        _ => "statement",
    };
}
