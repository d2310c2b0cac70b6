namespace NotebookKit;

/// <summary>Does what must happen before a package is first used, and not at all in a process that never uses it.</summary>
internal static class WhenLoaded
{
    /// <summary>Runs an action when an assembly is loaded, or now where it is.</summary>
    /// <param name="name">The assembly's simple name.</param>
    /// <param name="action">May use the assembly.</param>
    public static void Do(string name, Action action)
    {
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) =>
        {
            if (loaded.LoadedAssembly.GetName().Name == name)
                action();
        };
        if (AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == name))
            action();
    }
}
