using System.Text;
using NotebookKit.Kernel.Wire;

namespace NotebookKit.Kernel.Cells;

/// <summary><c>Console.Out</c> or <c>Console.Error</c> of cells, whatever thread writes.</summary>
internal sealed class CellOutput(IoPub iopub, string stream) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override string NewLine => "\n";

    public override void Write(char value) => Print(value.ToString());

    public override void Write(string? value) => Print(value ?? "");

    public override void Write(char[] buffer, int index, int count) => Print(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Print(buffer.ToString());

    // One message part per line written: two threads' lines do not mix.
    public override void WriteLine(string? value) => Print(value + "\n");

    public override void WriteLine() => Print("\n");

    public override void WriteLine(ReadOnlySpan<char> buffer) => Print($"{buffer}\n");

    private void Print(string text)
    {
        StoppableCell.ThrowIfForced();
        iopub.Print(stream, text);
    }
}
