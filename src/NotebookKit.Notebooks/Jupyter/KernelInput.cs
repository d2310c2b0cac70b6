using System.Text.Json.Nodes;

namespace NotebookKit.Notebooks.Jupyter;

/// <summary>Asks the front end's user for a line: for <c>Console.ReadLine()</c> of cells, and for the engine's own questions.</summary>
internal sealed class KernelInput(RequestChannel channel) : TextReader
{
    private readonly Lock _lock = new();

    /// <summary>The running cell's request; null when its front end takes no questions.</summary>
    public Message? Cell { get; set; }

    /// <summary>Whether the running cell was asked to stop, which ends the waiting for an answer.</summary>
    public Func<bool> Interrupted { get; init; } = () => false;

    public string? Ask(string prompt, bool hidden)
    {
        if (Cell is not { } cell)
            throw new InvalidOperationException("Nobody can be asked for input: this notebook is executed without a user.");
        lock (_lock)
        {
            channel.Reply(cell, "input_request", new JsonObject { ["prompt"] = prompt, ["password"] = hidden });
            while (!Interrupted())
                if (channel.Receive(TimeSpan.FromMilliseconds(100)) is { Type: "input_reply" } reply)
                    return reply.Content.Text("value");
        }

        throw new OperationCanceledException("The cell was interrupted.");
    }

    public override string? ReadLine() => Ask("", hidden: false);

    public override int Read() => throw new NotSupportedException("Read whole lines in a notebook: Console.ReadLine().");

    public override int Peek() => -1;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            channel.Dispose();
        base.Dispose(disposing);
    }
}
