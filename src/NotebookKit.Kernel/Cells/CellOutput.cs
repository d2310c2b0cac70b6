using System.Text;
using NotebookKit.Kernel.Wire;

namespace NotebookKit.Kernel.Cells;

/// <summary><c>Console.Out</c> or <c>Console.Error</c> of cells, whatever thread writes.</summary>
internal sealed class CellOutput(IoPub iopub, string stream) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override string NewLine => "\n";

    public override void Write(char value) => iopub.Print(stream, value.ToString());

    public override void Write(string? value) => iopub.Print(stream, value ?? "");

    public override void Write(char[] buffer, int index, int count) => iopub.Print(stream, new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => iopub.Print(stream, buffer.ToString());

    // One message part per line written: two threads' lines do not mix.
    public override void WriteLine(string? value) => iopub.Print(stream, value + "\n");

    public override void WriteLine() => iopub.Print(stream, "\n");

    public override void WriteLine(ReadOnlySpan<char> buffer) => iopub.Print(stream, $"{buffer}\n");
}
