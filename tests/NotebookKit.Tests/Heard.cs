namespace NotebookKit.Tests;

/// <summary>Progress that is taken where it is reported: <see cref="Progress{T}"/> would post it to the thread pool.</summary>
internal sealed class Heard<T>(Action<T> take) : IProgress<T>
{
    public void Report(T value) => take(value);
}
