namespace NotebookKit;

/// <summary>Does what must happen before a package is first used, and not at all in a process that never uses it.</summary>
internal static class WhenLoaded
{
    /// <summary>Runs an action once, when an assembly is loaded, or now where it is.</summary>
    /// <param name="name">The assembly's simple name.</param>
    /// <param name="action">May use the assembly.</param>
    public static void Do(string name, Action action)
    {
        var done = 0;
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) =>
        {
            if (loaded.LoadedAssembly.GetName().Name == name)
                Once();
        };
        if (AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == name))
            Once();

        void Once()
        {
            // A notebook's host may load the assembly again for the action's own sake: for ever, were it done each time.
            if (Interlocked.Exchange(ref done, 1) == 0)
                action();
        }
    }

    /// <summary>Whether an error says that a library, or something in it, cannot be loaded here.</summary>
    public static bool IsMissing(Exception e) => e is FileNotFoundException or FileLoadException or TypeLoadException or TypeInitializationException or MissingMemberException;
}
