using System.CommandLine;
using NotebookKit.Cli.Doctor;
using NotebookKit.Notebooks.Jupyter;

namespace NotebookKit.Cli.Verbs;

/// <summary><c>kit kernel</c>: the C# kernel for Jupyter, JupyterLab and Visual Studio Code.</summary>
internal static class KernelVerb
{
    public static Command Create()
    {
        var verb = new Command("kernel", "Register the C# kernel for Jupyter, JupyterLab and Visual Studio Code, or serve one of them.");
        verb.Subcommands.Add(Install());
        verb.Subcommands.Add(Serve());
        return verb;
    }

    /// <summary>The kernel that <c>kit lab</c> uses, in <c>artifacts/</c> alone.</summary>
    /// <returns>The folder for <c>JUPYTER_PATH</c>.</returns>
    public static string InstallForLab()
    {
        KernelSpec.Install(Checkout.Artifacts("jupyter", "kernels"), Program());
        return Checkout.Artifacts("jupyter");
    }

    private static Command Install()
    {
        var user = new Option<bool>("--user") { Description = "for this user (the default)" };
        var prefix = new Option<string?>("--prefix") { Description = "for a Python environment: its folder, as sys.prefix tells it" };
        var verb = new Command("install", "Register the kernel, so that it is offered wherever notebooks are opened.") { user, prefix };
        verb.SetAction(parse =>
        {
            var environment = parse.GetValue(prefix);
            if (environment is not null && parse.GetValue(user))
                throw new BadInputException("--user and --prefix exclude each other: one place at a time.");
            if (environment is not null && !Directory.Exists(environment))
                throw new BadInputException(
                    $"--prefix {environment}: there is no such folder; python3 -c \"import sys; print(sys.prefix)\" tells it.");
            Console.WriteLine(KernelSpec.Install(environment is null ? KernelSpec.UserFolder
                : Path.Combine(environment, "share", "jupyter", "kernels"), Program()));
        });
        return verb;
    }

    private static Command Serve()
    {
        var file = new Argument<string>("connection-file") { Description = "written by Jupyter" };
        var verb = new Command("serve", "Serve one front end; Jupyter calls this.") { file };
        verb.SetAction(parse => JupyterKernel.Serve(parse.GetValue(file)!));
        return verb;
    }

    /// <summary>This very program, with the arguments after which the connection file comes.</summary>
    internal static IEnumerable<string> Program() => [DotnetHost, typeof(KernelVerb).Assembly.Location, "kernel", "serve"];

    /// <summary>The <c>dotnet</c> beside the running runtime: it need not be in the PATH that Jupyter gives a kernel.</summary>
    internal static string DotnetHost
    {
        get
        {
            // <dotnet>/shared/Microsoft.NETCore.App/<version>/System.Private.CoreLib.dll
            var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
            var host = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
            return File.Exists(host) ? host : "dotnet";
        }
    }
}
