using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using NotebookKit.Cli.Doctor;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit lab</c>: opens the notebooks in a Jupyter that is there, with the kit's kernel.</summary>
internal static class LabVerb
{
    private static readonly string[] Fronts = ["jupyterlab", "notebook"];

    public static Command Create()
    {
        var options = new Argument<string[]>("option") { Description = "handed to Jupyter, after --", Arity = ArgumentArity.ZeroOrMore };
        var verb = new Command("lab", "Open the notebooks in Jupyter, with the kit's C# kernel.") { options };
        verb.SetAction(parse =>
        {
            var (python, front) = Jupyter() ?? throw new BadInputException(
                "No Python here has JupyterLab or Jupyter Notebook: install one (apt-get install jupyter-notebook, or pip install "
                    + "jupyterlab), or open notebooks/ in Visual Studio Code after ./kit kernel install.");
            var notebooks = Path.Combine(Checkout.Root, "notebooks");
            var kernels = KernelVerb.InstallForLab();
            // Jupyter strips the charts out of saved outputs that it does not know for its user's own.
            var trust = Start(python, kernels, ["-m", "nbformat.sign", .. Directory.GetFiles(notebooks, "*.ipynb")]);
            trust.RedirectStandardOutput = true;
            using (var process = Process.Start(trust)!)
                process.StandardOutput.ReadToEnd();

            var start = Start(python, kernels, ["-m", front, notebooks, .. AsRoot(), .. parse.GetValue(options) ?? []]);
            using var stop = new StopSignals(); // Ctrl-C is Jupyter's
            using var jupyter = Process.Start(start)!;
            jupyter.WaitForExit();
            return jupyter.ExitCode;
        });
        return verb;
    }

    /// <summary>A program of Jupyter, which finds the kernel, and writes into <c>artifacts/</c> only.</summary>
    private static ProcessStartInfo Start(string python, string kernels, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(python, arguments) { UseShellExecute = false };
        var others = Environment.GetEnvironmentVariable("JUPYTER_PATH");
        start.Environment["JUPYTER_PATH"] = others is { Length: > 0 } ? kernels + Path.PathSeparator + others : kernels;
        foreach (var (name, folder) in new[] { ("JUPYTER_DATA_DIR", "data"), ("JUPYTER_RUNTIME_DIR", "runtime"),
            ("JUPYTER_CONFIG_DIR", "config"), ("IPYTHONDIR", "ipython") })
            start.Environment[name] = Path.Combine(kernels, folder);
        return start;
    }

    /// <summary>A Python that has a front end for notebooks, and which one; null where there is none.</summary>
    public static (string Python, string Front)? Jupyter()
    {
        foreach (var python in OperatingSystem.IsWindows() ? ["py", "python"] : new[] { "python3", "/usr/bin/python3" })
            foreach (var front in Fronts)
                if (Has(python, front))
                    return (python, front);
        return null;
    }

    /// <summary>Whether a Python has a module.</summary>
    public static bool Has(string python, string module)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python,
                ["-c", $"import importlib.util as u, sys; sys.exit(u.find_spec('{module}') is None)"])
            {
                RedirectStandardError = true,
                UseShellExecute = false
            })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static string[] AsRoot() => Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows() ? ["--allow-root"] : [];
}
