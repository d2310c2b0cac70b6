using System.Text.Json.Nodes;
using NotebookKit.Kernel.Wire;

namespace NotebookKit.Kernel.Cells;

/// <summary><c>Console.In</c> of cells: asks the front end for a line, where it can ask its user.</summary>
internal sealed class CellInput(RequestChannel channel) : TextReader
{
    private readonly Lock _lock = new();

    /// <summary>The running cell's request; null when its front end takes no questions.</summary>
    public Message? Cell { get; set; }

    public override string? ReadLine()
    {
        if (Cell is not { } cell)
            throw new InvalidOperationException("Console.ReadLine has nobody to ask: this notebook is executed without a user.");
        lock (_lock)
        {
            channel.Reply(cell, "input_request", new JsonObject { ["prompt"] = "", ["password"] = false });
            while (true)
            {
                // Short waits: an interrupt reaches the thread between them.
                if (channel.Receive(100) is { Type: "input_reply" } reply)
                    return reply.Content.Text("value");
            }
        }
    }

    public override int Read() => throw new NotSupportedException("Read whole lines in a notebook: Console.ReadLine().");

    public override int Peek() => -1;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            channel.Dispose();
        base.Dispose(disposing);
    }
}
