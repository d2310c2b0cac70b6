using NotebookKit.Cli.Verbs;

namespace NotebookKit.Cli.Doctor;

/// <summary>What opening the notebooks in Jupyter needs; running them headless needs nothing.</summary>
internal static class NotebookChecks
{
    public static IEnumerable<Finding> All()
    {
        yield return LabVerb.Jupyter() is { } found
            ? Finding.Ok("Jupyter", $"{found.Front} of {found.Python}, for ./kit lab")
            : new Finding("Jupyter", Health.Warning, "no Python here has one; ./kit tutorial needs none",
                "apt-get install jupyter-notebook, or pip install jupyterlab, or Visual Studio Code after ./kit kernel install");
    }
}
