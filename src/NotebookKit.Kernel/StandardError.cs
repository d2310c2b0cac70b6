namespace NotebookKit.Kernel;

/// <summary>The process's own standard error, which stays Jupyter's log after cells' <c>Console</c> has been redirected.</summary>
internal static class StandardError
{
    private static readonly TextWriter Writer = Console.Error;

    /// <summary>Must run before <see cref="Console.SetError"/>.</summary>
    public static void Keep() => _ = Writer;

    public static void WriteLine(string line) => Writer.WriteLine(line);
}
