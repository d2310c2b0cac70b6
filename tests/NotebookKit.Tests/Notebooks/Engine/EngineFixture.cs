using NotebookKit.Notebooks.Engine;

namespace NotebookKit.Tests.Notebooks.Engine;

/// <summary>One engine in this process, for the claims of one class.</summary>
public sealed class EngineFixture : IDisposable
{
    private readonly NotebookEngine _engine = new();
    private int _count;

    /// <summary>Runs a cell to its end.</summary>
    public (IReadOnlyList<CellYield> Yields, CellError? Error) Run(string code)
    {
        var yields = new List<CellYield>();
        var error = _engine.RunAsync(code, ++_count, yields.Add).GetAwaiter().GetResult();
        return (yields, error);
    }

    /// <summary>What a cell yields that does this.</summary>
    public IReadOnlyList<CellYield> RunInCell(Action action)
    {
        AppContext.SetData(nameof(EngineFixture), action);
        var (yields, error) = Run($"((Action)AppContext.GetData(\"{nameof(EngineFixture)}\"))();");
        Assert.Null(error);
        return yields;
    }

    /// <summary>The forms of a cell's value; null without one.</summary>
    public IReadOnlyDictionary<string, string>? Result(string code)
    {
        var (yields, error) = Run(code);
        Assert.Null(error);
        return yields.OfType<Returned>().SingleOrDefault()?.Data;
    }

    public void Dispose() => _engine.Dispose();
}
