using System.Reflection;
using System.Runtime.Loader;

namespace NotebookKit;

/// <summary>Does what must happen before a package is first used, and not at all in a process that never uses it.</summary>
/// <remarks>
/// Nor in a host that loads each assembly apart, as the stock .NET Interactive tool: it takes note of one after this, and
/// would load a second copy for the action.
/// </remarks>
internal static class WhenLoaded
{
    /// <summary>Runs an action when an assembly is loaded, or now where it is.</summary>
    /// <param name="name">The assembly's simple name.</param>
    /// <param name="action">May use the assembly.</param>
    public static void Do(string name, Action action)
    {
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) =>
        {
            if (IsIt(loaded.LoadedAssembly))
                action();
        };
        if (AppDomain.CurrentDomain.GetAssemblies().Any(IsIt))
            action();

        bool IsIt(Assembly assembly) => assembly.GetName().Name == name && Context(assembly) == Context(typeof(WhenLoaded).Assembly);
    }

    private static AssemblyLoadContext? Context(Assembly assembly) => AssemblyLoadContext.GetLoadContext(assembly);
}
