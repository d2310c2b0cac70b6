namespace NotebookKit.Kernel.Cells;

/// <summary>A cell that cannot run, for a reason that one sentence tells.</summary>
internal sealed class CellException(string name, int line, string message) : Exception(message)
{
    public string Name { get; } = name;

    public int Line { get; } = line;
}
