using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace NotebookKit.Notebooks.Files;

/// <summary>C# as HTML whose keywords, texts, numbers and comments have classes of their own.</summary>
internal static class CodeColours
{
    public static string Of(string code)
    {
        var html = new StringBuilder();
        foreach (var token in SyntaxFactory.ParseTokens(code, options: CSharpParseOptions.Default.WithKind(SourceCodeKind.Script)))
        {
            foreach (var trivia in token.LeadingTrivia)
                Trivia(trivia);
            Append(token.Text, ClassOf(token));
            foreach (var trivia in token.TrailingTrivia)
                Trivia(trivia);
        }

        return html.ToString();

        void Trivia(SyntaxTrivia trivia) =>
            Append(trivia.ToFullString(), trivia.IsDirective || trivia.IsKind(SyntaxKind.SingleLineCommentTrivia)
                || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia) ? "c" : null);

        void Append(string text, string? style) =>
            html.Append(style is null ? WebUtility.HtmlEncode(text) : $"<span class=\"{style}\">{WebUtility.HtmlEncode(text)}</span>");
    }

    private static string? ClassOf(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.NumericLiteralToken => "n",
        SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.InterpolatedStringToken
            or SyntaxKind.InterpolatedStringTextToken or SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringEndToken
            or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken
                or SyntaxKind.Utf8StringLiteralToken => "s",
        var kind when SyntaxFacts.IsKeywordKind(kind) || token.Text is "var" or "record" or "async" or "await" => "k",
        _ => null,
    };
}
