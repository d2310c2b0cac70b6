using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NotebookKit.Tests;

/// <summary>What the compiler doesn't see to: lines that fit a screen, methods that fit a page, tests that can be read.</summary>
public sealed class HouseStyleTests
{
    private const int Columns = 140;
    private const int MethodLines = 60;
    private const int TestLines = 300;

    private static readonly Lazy<IReadOnlyList<(string File, SyntaxTree Tree)>> Files = new(() =>
    [
        .. from root in new[] { "src", "tests" }
           from file in Directory.GetFiles(Path.Combine(House.Root, root), "*.cs", SearchOption.AllDirectories)
           where !file.Contains("/obj/", StringComparison.Ordinal)
           select (Path.GetRelativePath(House.Root, file), CSharpSyntaxTree.ParseText(File.ReadAllText(file))),
    ]);

    // A text that stands as it is, a style sheet or a pattern, may be as long as it is.
    [Fact]
    public void A_line_is_at_most_140_columns() =>
        None(from file in Files.Value
             from line in file.Tree.GetText().Lines
             where line.Span.Length > Columns && !Verbatim(file.Tree.GetRoot().FindToken(line.Start + Columns))
             select $"{file.File}:{line.LineNumber + 1}");

    // "Longer than 60 lines: …" before a method says why.
    [Fact]
    public void A_method_is_at_most_60_lines_or_says_why() =>
        None(from file in Files.Value
             from method in file.Tree.GetRoot().DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
             let lines = Lines((SyntaxNode?)method.Body ?? method.ExpressionBody)
             where lines > MethodLines
                 && !method.GetLeadingTrivia().ToString().Contains("// Longer than 60 lines: ", StringComparison.Ordinal)
             select $"{file.File}: {(method as MethodDeclarationSyntax)?.Identifier.Text ?? "constructor"} has {lines}");

    [Fact]
    public void A_class_of_tests_is_at_most_300_lines() =>
        None(from file in Files.Value
             from type in file.Tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>()
             where file.File.StartsWith("tests", StringComparison.Ordinal) && Lines(type) > TestLines
             select $"{file.File}: {type.Identifier.Text} has {Lines(type)}");

    private static void None(IEnumerable<string> found) => Assert.True(!found.Any(), string.Join('\n', found));

    private static int Lines(SyntaxNode? node) =>
        node?.GetLocation().GetLineSpan() is { } span ? span.EndLinePosition.Line - span.StartLinePosition.Line + 1 : 0;

    private static bool Verbatim(SyntaxToken token) =>
        token.Parent!.AncestorsAndSelf().Any(node => node switch
        {
            LiteralExpressionSyntax text => IsRaw(text.Token.Text),
            InterpolatedStringExpressionSyntax text => IsRaw(text.StringStartToken.Text),
            _ => false,
        });

    private static bool IsRaw(string start) =>
        start.StartsWith('@') || start.TrimStart('$').StartsWith("\"\"\"", StringComparison.Ordinal);
}
