
namespace NotebookKit.Notebooks.Engine;

/// <summary>What went wrong in a cell, as a reader is told.</summary>
/// <param name="Name">The exception's type, short.</param>
/// <param name="Message">Its message.</param>
/// <param name="Traceback">The lines that the reader sees, coloured by ANSI codes.</param>
public sealed record CellError(string Name, string Message, IReadOnlyList<string> Traceback);
