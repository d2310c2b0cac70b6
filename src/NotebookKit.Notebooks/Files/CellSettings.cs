using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NotebookKit.Notebooks.Files;

/// <summary>
/// Gives a notebook's variables other values before it runs: in <c>var rank = 8;</c> the 8 is replaced, so that the
/// executed notebook shows what ran. What papermill does by an extra cell, in sight.
/// </summary>
public static class CellSettings
{
    /// <summary>Replaces the first value that a notebook gives to a variable.</summary>
    /// <param name="notebook">The notebook, changed in place.</param>
    /// <param name="name">The variable, declared at the top level of a C# cell.</param>
    /// <param name="value">A number, <c>true</c>, <c>false</c>, or text; text needs no quotes.</param>
    /// <exception cref="BadInputException">No cell declares it, or its value is no plain one.</exception>
    public static void Set(NotebookDocument notebook, string name, string value)
    {
        var names = new List<string>();
        foreach (var cell in notebook.CodeCells.Where(cell => cell.Language == Engine.NotebookEngine.CSharp))
        {
            foreach (var variable in Variables(cell.Source))
            {
                names.Add(variable.Identifier.Text);
                if (variable.Identifier.Text != name)
                    continue;
                var old = variable.Initializer!.Value;
                if (!IsPlain(old))
                    throw new BadInputException($"--set {name}: the notebook computes it ({old}), so it has no value to replace.");
                cell.Source = cell.Source[..old.SpanStart] + Literal(old, name, value) + cell.Source[old.Span.End..];
                return;
            }
        }

        throw new BadInputException($"--set {name}: no cell of {notebook.Name} declares it; {NearestName.Hint(name, names)}");
    }

    private static IEnumerable<VariableDeclaratorSyntax> Variables(string source) =>
        CSharpSyntaxTree.ParseText(source, CSharpParseOptions.Default.WithKind(SourceCodeKind.Script)).GetCompilationUnitRoot().Members
            .SelectMany(member => member switch
            {
                FieldDeclarationSyntax field => field.Declaration.Variables,
                GlobalStatementSyntax { Statement: LocalDeclarationStatementSyntax local } => local.Declaration.Variables,
                _ => [],
            })
            .Where(variable => variable.Initializer is not null);

    private static bool IsPlain(ExpressionSyntax value) =>
        value is LiteralExpressionSyntax
            || (value is PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax } && value.IsKind(SyntaxKind.UnaryMinusExpression));

    private static string Literal(ExpressionSyntax old, string name, string value) => old.Kind() switch
    {
        SyntaxKind.StringLiteralExpression => SymbolDisplay.FormatLiteral(value, quote: true),
        SyntaxKind.TrueLiteralExpression or SyntaxKind.FalseLiteralExpression =>
            value is "true" or "false" ? value : throw new BadInputException($"--set {name}={value}: true or false is wanted."),
        _ => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? value
            : throw new BadInputException($"--set {name}={value}: a number is wanted, as {old}."),
    };
}
