using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NotebookKit.Kernel.Cells;

/// <summary>What the name at the cursor is (Shift+Tab in a notebook): its signature and its XML documentation.</summary>
internal static partial class Inspection
{
    private const int MostOverloads = 5;

    private static readonly SymbolDisplayFormat Signature = SymbolDisplayFormat.MinimallyQualifiedFormat
        .WithMemberOptions(SymbolDisplayFormat.MinimallyQualifiedFormat.MemberOptions | SymbolDisplayMemberOptions.IncludeContainingType);

    public static JsonObject Inspect(CellSession session, string code, int cursor)
    {
        var compilation = session.Analyse(code);
        var model = compilation.GetSemanticModel(compilation.SyntaxTrees.Last());
        var symbols = SymbolsAt(model, CursorText.ToUtf16(code, cursor)).ToList();
        var data = new JsonObject();
        if (symbols.Count > 0)
        {
            var lines = symbols.Take(MostOverloads).Select(s => s.ToDisplayString(Signature)).ToList();
            if (symbols.Count > MostOverloads)
                lines.Add($"… {symbols.Count - MostOverloads} more overloads");
            if (Documentation(compilation, symbols[0]) is { } text)
                lines.Add("\n" + text);
            data["text/plain"] = string.Join('\n', lines);
        }

        return new JsonObject { ["status"] = "ok", ["found"] = symbols.Count > 0, ["data"] = data, ["metadata"] = new JsonObject() };
    }

    private static IEnumerable<ISymbol> SymbolsAt(SemanticModel model, int position)
    {
        var root = model.SyntaxTree.GetRoot();
        var token = root.FindToken(position);
        if (!token.IsKind(SyntaxKind.IdentifierToken) && position > 0)
            token = root.FindToken(position - 1);

        SyntaxNode? node = token.Parent;
        // Inside a call's parentheses the call itself is meant.
        if (!token.IsKind(SyntaxKind.IdentifierToken))
            node = node?.FirstAncestorOrSelf<ArgumentListSyntax>()?.Parent switch
            {
                InvocationExpressionSyntax call => call.Expression,
                ObjectCreationExpressionSyntax creation => creation.Type,
                _ => null,
            };
        if (node is null)
            return [];

        var info = model.GetSymbolInfo(node);
        if (info.Symbol is not null)
            return [info.Symbol];
        if (!info.CandidateSymbols.IsEmpty)
            return info.CandidateSymbols;
        var group = model.GetMemberGroup(node);
        return !group.IsEmpty ? group : model.GetDeclaredSymbol(node) is { } declared ? [declared] : [];
    }

    /// <summary>The summary in the XML file beside the assembly.</summary>
    private static string? Documentation(Compilation compilation, ISymbol symbol)
    {
        symbol = (symbol as IMethodSymbol)?.ReducedFrom ?? symbol.OriginalDefinition;
        if (symbol.ContainingAssembly is null || symbol.GetDocumentationCommentId() is not { } id
            || compilation.GetMetadataReference(symbol.ContainingAssembly) is not PortableExecutableReference { FilePath: { } path })
            return null;
        var file = Path.ChangeExtension(path, ".xml");
        if (!File.Exists(file))
            return null;
        var member = XDocument.Load(file).Descendants("member").FirstOrDefault(m => (string?)m.Attribute("name") == id);
        if (member is null)
            return null;

        var parts = new List<string?> { Flatten(member.Element("summary")) };
        parts.AddRange(member.Elements("param").Select(p => $"{(string?)p.Attribute("name")}: {Flatten(p)}"));
        if (Flatten(member.Element("returns")) is { Length: > 0 } returns)
            parts.Add("returns: " + returns);
        return string.Join('\n', parts.Where(p => !string.IsNullOrEmpty(p)));
    }

    private static string Flatten(XElement? element)
    {
        if (element is null)
            return "";
        var text = string.Concat(element.Nodes().Select(node => node switch
        {
            XText t => t.Value,
            XElement { IsEmpty: true } e => ((string?)e.Attribute("cref") ?? (string?)e.Attribute("name") ?? (string?)e.Attribute("langword") ?? "").Split('.', ':')[^1],
            XElement e => Flatten(e),
            _ => "",
        }));
        return Spaces().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
