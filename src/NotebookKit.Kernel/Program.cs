using NotebookKit.Kernel;
using NotebookKit.Kernel.Wire;

switch (args)
{
    case ["install", var folder]:
        Console.WriteLine(KernelSpec.Install(folder));
        return 0;

    case [var file] when File.Exists(file):
        return new JupyterKernel(Connection.Load(file)).Run();

    default:
        Console.Error.WriteLine("usage: kit-kernel CONNECTION_FILE   (Jupyter gives it)\n       kit-kernel install FOLDER     (writes FOLDER/.net-csharp/kernel.json)");
        return 2;
}
