
namespace NotebookKit.Display;

/// <summary>
/// How much a notebook trains: in full for who reads it, or just enough to prove that every cell still runs
/// (<c>kit tutorial --quick</c>, and the tests).
/// </summary>
public static class RunScale
{
    /// <summary>The environment variable that asks for a quick run with the value 1.</summary>
    public const string Variable = "KIT_QUICK";

    /// <summary>Whether this is a quick run, whose figures and pictures say nothing.</summary>
    public static bool IsQuick => Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>A number of epochs, pictures or repetitions.</summary>
    /// <param name="full">For who reads the notebook.</param>
    /// <param name="quick">For a quick run.</param>
    public static int Of(int full, int quick) => IsQuick ? quick : full;
}
