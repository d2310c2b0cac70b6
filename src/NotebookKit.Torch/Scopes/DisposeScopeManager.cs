namespace TorchSharp;

/// <summary>The dispose scopes of a thread.</summary>
public sealed class DisposeScopeManager
{
    [ThreadStatic] private static DisposeScopeManager? current;

    private DisposeScopeManager()
    {
    }

    /// <summary>The calling thread's scopes.</summary>
    internal static DisposeScopeManager Current => current ??= new();

    /// <summary>What the calling thread has made and disposed.</summary>
    public static ThreadDisposeScopeStatistics Statistics => Current.ThreadStatistics;

    internal ThreadDisposeScopeStatistics ThreadStatistics { get; } = new();

    internal DisposeScope? Innermost { get; set; }

    internal void Close(DisposeScope scope)
    {
        if (Innermost == scope)
        {
            Innermost = scope.OuterScope;
            return;
        }

        // Closed out of order: the scopes inside it now lie in the one around it.
        for (var inner = Innermost; inner is not null; inner = inner.OuterScope)
        {
            if (inner.OuterScope != scope)
                continue;
            inner.Bypass(scope.OuterScope);
            return;
        }
    }
}

/// <summary>Counts of the tensors that one thread has made and disposed since <see cref="Reset"/>.</summary>
public sealed class ThreadDisposeScopeStatistics
{
    /// <summary>Made while no scope was open.</summary>
    public long CreatedOutsideScopeCount { get; internal set; }

    /// <summary>Disposed while in no scope.</summary>
    public long DisposedOutsideScopeCount { get; internal set; }

    /// <summary>Made in a scope.</summary>
    public long CreatedInScopeCount { get; internal set; }

    /// <summary>Disposed in a scope, by its end or before.</summary>
    public long DisposedInScopeCount { get; internal set; }

    /// <summary>Put into a scope by hand.</summary>
    public long AttachedToScopeCount { get; internal set; }

    /// <summary>Taken out of a scope.</summary>
    public long DetachedFromScopeCount { get; internal set; }

    /// <summary>Those made less those disposed, by this thread.</summary>
    public long ThreadTotalLiveCount =>
        CreatedInScopeCount + CreatedOutsideScopeCount - DisposedInScopeCount - DisposedOutsideScopeCount;

    /// <summary>Starts counting anew.</summary>
    public void Reset() =>
        CreatedOutsideScopeCount = DisposedOutsideScopeCount = CreatedInScopeCount = DisposedInScopeCount = AttachedToScopeCount = DetachedFromScopeCount = 0;
}

public static partial class torch
{
    /// <summary>Opens a dispose scope on the calling thread: put it into a <c>using</c>.</summary>
    public static DisposeScope NewDisposeScope() => new(DisposeScopeManager.Current);

    /// <summary>The calling thread's innermost scope, if any.</summary>
    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.Current.Innermost;

    /// <summary>Runs a function in a scope of its own and moves its result out.</summary>
    public static T WrappedTensorDisposeScope<T>(Func<T> body) where T : IDisposable
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(body());
    }
}
