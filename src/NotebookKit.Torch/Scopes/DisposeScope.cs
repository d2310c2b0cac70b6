namespace TorchSharp;

/// <summary>
/// Collects every tensor that the thread makes while it is the innermost scope, and disposes them when it ends, but for
/// those moved out or detached. Make it by <see cref="torch.NewDisposeScope"/> in a <c>using</c>.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager manager;
    private torch.Tensor?[] tensors = new torch.Tensor?[16];
    private int count;
    private bool disposed;

    internal DisposeScope(DisposeScopeManager manager)
    {
        this.manager = manager;
        OuterScope = manager.Innermost;
        manager.Innermost = this;
    }

    /// <summary>The scope around this one.</summary>
    internal DisposeScope? OuterScope { get; private set; }

    /// <summary>How many tensors the scope would dispose now.</summary>
    public int DisposablesCount => count;

    /// <summary>What the scope would dispose now.</summary>
    public IReadOnlyList<IDisposable> DisposablesView => [.. tensors.Take(count).Select(tensor => (IDisposable)tensor!)];

    internal DisposeScopeManager Manager => manager;

    /// <summary>Puts a tensor into the scope, out of the one where it is.</summary>
    /// <exception cref="InvalidOperationException">It is no tensor.</exception>
    public T Attach<T>(T disposable) where T : IDisposable
    {
        var tensor = AsTensor(disposable);
        if (tensor.Scope == this)
            return disposable;
        tensor.Scope?.Remove(tensor);
        Add(tensor);
        manager.ThreadStatistics.AttachedToScopeCount++;
        return disposable;
    }

    /// <summary>Puts tensors into the scope.</summary>
    public void Attach(params IDisposable[] disposables) => Each(disposables, d => Attach(d));

    /// <summary>Takes a tensor out of the scope: from now on nobody disposes it by itself.</summary>
    public T Detach<T>(T disposable) where T : IDisposable
    {
        if (!Contains(disposable))
            return disposable;
        Remove(AsTensor(disposable));
        manager.ThreadStatistics.DetachedFromScopeCount++;
        return disposable;
    }

    /// <summary>Takes two tensors out of the scope.</summary>
    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (Detach(first), Detach(second));

    /// <summary>Takes tensors out of the scope.</summary>
    public void Detach(params IDisposable[] disposables) => Each(disposables, d => Detach(d));

    /// <summary>Takes tensors out of the scope.</summary>
    public void Detach(IEnumerable<IDisposable> disposables) => Each(disposables, d => Detach(d));

    /// <summary>Moves a tensor to the scope around this one; without one it is on its own.</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    /// <summary>Moves two tensors to the scope around this one.</summary>
    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    /// <summary>Moves three tensors to the scope around this one.</summary>
    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    /// <summary>Moves tensors to the scope around this one.</summary>
    public void MoveToOuter(params IDisposable[] disposables) => Each(disposables, d => MoveToOuter(d));

    /// <summary>Moves tensors to the scope around this one.</summary>
    public void MoveToOuter(IEnumerable<IDisposable> disposables) => Each(disposables, d => MoveToOuter(d));

    /// <summary>Moves a tensor of this scope to another one; with none it is on its own.</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        if (!Contains(disposable))
            return disposable;
        if (scope is null)
            return Detach(disposable);
        var tensor = AsTensor(disposable);
        Remove(tensor);
        scope.Add(tensor);
        return disposable;
    }

    /// <summary>Whether the scope would dispose it.</summary>
    public bool Contains(IDisposable disposable) => disposable is torch.Tensor tensor && tensor.Scope == this;

    /// <summary>Disposes everything in the scope now.</summary>
    public void DisposeEverything()
    {
        while (count > 0)
        {
            // The last first, and out of the list before it goes: whatever it sets free may come back here.
            var tensor = tensors[--count]!;
            tensors[count] = null;
            if (tensor.ReleaseFromScope())
                manager.ThreadStatistics.DisposedInScopeCount++;
        }
    }

    /// <summary>Disposes everything in the scope but these.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var kept = inKeep.OfType<torch.Tensor>().Where(tensor => tensor.Scope == this).Distinct(ReferenceEqualityComparer.Instance).Cast<torch.Tensor>().ToList();
        foreach (var tensor in kept)
            Remove(tensor);
        DisposeEverything();
        foreach (var tensor in kept)
            Add(tensor);
    }

    /// <summary>Disposes everything in the scope but these.</summary>
    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    /// <summary>Disposes everything in the scope but one, which it gives back.</summary>
    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    /// <summary>Ends the scope: disposes what is in it, and the scope around it is the innermost again.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        DisposeEverything();
        manager.Close(this);
    }

    internal void Add(torch.Tensor tensor)
    {
        if (count == tensors.Length)
            Array.Resize(ref tensors, count * 2);
        tensor.Scope = this;
        tensor.ScopeIndex = count;
        tensors[count++] = tensor;
    }

    internal void Remove(torch.Tensor tensor)
    {
        // The last one takes the place of the one that leaves.
        var last = tensors[--count]!;
        tensors[tensor.ScopeIndex] = last;
        last.ScopeIndex = tensor.ScopeIndex;
        tensors[count] = null;
        tensor.Scope = null;
    }

    private static torch.Tensor AsTensor(IDisposable disposable) =>
        disposable as torch.Tensor ?? throw new InvalidOperationException("A dispose scope holds tensors and nothing else.");

    private static void Each(IEnumerable<IDisposable> disposables, Action<IDisposable> action)
    {
        foreach (var disposable in disposables.ToArray())
            action(disposable);
    }

    internal void Bypass(DisposeScope? outer) => OuterScope = outer;
}
