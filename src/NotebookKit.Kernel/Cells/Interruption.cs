namespace NotebookKit.Kernel.Cells;

/// <summary>Knows the running cell and passes on the wish to stop it.</summary>
internal sealed class Interruption
{
    private StoppableCell? _cell;

    /// <summary>The running cell's cooperative token; one that never cancels between cells.</summary>
    public CancellationToken Token => Volatile.Read(ref _cell)?.Token ?? CancellationToken.None;

    /// <summary>Begins a cell; dispose of the result when it has ended.</summary>
    public StoppableCell Begin()
    {
        LoopGuards.Armed = false;
        var cell = new StoppableCell(this);
        Volatile.Write(ref _cell, cell);
        return cell;
    }

    /// <summary>Someone wants the running cell to stop. Between cells it means nothing.</summary>
    public void Request() => Volatile.Read(ref _cell)?.RequestStop();

    internal void End() => Volatile.Write(ref _cell, null);
}
