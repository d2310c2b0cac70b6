namespace TorchSharp;

/// <summary>
/// Collects every tensor that the thread makes while it is the innermost scope, and disposes them when it ends, but for
/// those moved out or detached. Make it by <see cref="torch.NewDisposeScope"/> in a <c>using</c>.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager manager;
    private torch.Tensor?[] tensors = new torch.Tensor?[16];
    private List<IDisposable>? others;
    private int count;
    private bool disposed;

    internal DisposeScope(DisposeScopeManager manager)
    {
        this.manager = manager;
        OuterScope = manager.Innermost;
        manager.Innermost = this;
    }

    /// <summary>The scope around this one.</summary>
    public DisposeScope? OuterScope { get; private set; }

    /// <summary>How many things the scope would dispose now.</summary>
    public int DisposablesCount => count + (others?.Count ?? 0);

    /// <summary>Whether the calling thread is the one that opened the scope.</summary>
    internal bool IsMine => manager == DisposeScopeManager.Current;

    internal DisposeScopeManager Manager => manager;

    /// <summary>Puts something into the scope, out of the one where it is.</summary>
    public T Include<T>(T disposable) where T : IDisposable
    {
        Attach(disposable);
        return disposable;
    }

    /// <summary>Puts something into the scope, out of the one where it is.</summary>
    public T Attach<T>(T disposable) where T : IDisposable
    {
        if (disposable is torch.Tensor tensor)
        {
            tensor.Scope?.Remove(tensor);
            Add(tensor);
        }
        else if (!(others ??= []).Contains(disposable))
        {
            others.Add(disposable);
        }

        return disposable;
    }

    /// <summary>Takes something out of the scope: from now on nobody disposes it by itself.</summary>
    public T Detach<T>(T disposable) where T : IDisposable
    {
        if (disposable is torch.Tensor tensor)
        {
            if (tensor.Scope == this)
            {
                Remove(tensor);
                manager.ThreadStatistics.DetachedFromScopeCount++;
            }
        }
        else
        {
            others?.Remove(disposable);
        }

        return disposable;
    }

    /// <summary>Takes things out of the scope.</summary>
    public void Detach(params IDisposable[] disposables)
    {
        foreach (var disposable in disposables)
            Detach(disposable);
    }

    /// <summary>Moves something to the scope around this one; without one it is on its own.</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    /// <summary>Moves two things to the scope around this one.</summary>
    public (T1, T2) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    /// <summary>Moves things to the scope around this one.</summary>
    public void MoveToOuter(params IDisposable[] disposables)
    {
        foreach (var disposable in disposables)
            MoveToOuter(disposable);
    }

    /// <summary>Moves something to another scope; with none it is on its own.</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        if (!Contains(disposable))
            return disposable;
        Detach(disposable);
        scope?.Attach(disposable);
        return disposable;
    }

    /// <summary>Whether the scope would dispose it.</summary>
    public bool Contains(IDisposable disposable) =>
        disposable is torch.Tensor tensor ? tensor.Scope == this : others?.Contains(disposable) ?? false;

    /// <summary>Disposes everything in the scope now.</summary>
    public void DisposeEverything()
    {
        for (var i = count - 1; i >= 0; i--)
        {
            var tensor = tensors[i]!;
            tensors[i] = null;
            if (tensor.ReleaseFromScope())
                manager.ThreadStatistics.DisposedInScopeCount++;
        }

        count = 0;
        if (others is null)
            return;
        foreach (var other in others)
            other.Dispose();
        others.Clear();
    }

    /// <summary>Disposes everything in the scope but these.</summary>
    public void DisposeEverythingBut(params IDisposable[] kept) => DisposeEverythingBut((IEnumerable<IDisposable>)kept);

    /// <summary>Disposes everything in the scope but these.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> kept)
    {
        var mine = kept.Where(Contains).ToList();
        foreach (var disposable in mine)
            if (disposable is torch.Tensor tensor)
                Remove(tensor);
            else
                others?.Remove(disposable);
        DisposeEverything();
        foreach (var disposable in mine)
            Attach(disposable);
    }

    /// <summary>Disposes everything in the scope but one, which it gives back.</summary>
    public T DisposeEverythingBut<T>(T kept) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[kept]);
        return kept;
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

    internal void Bypass(DisposeScope? outer) => OuterScope = outer;
}
