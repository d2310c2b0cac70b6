using NotebookKit.Pipeline;
using NotebookKit.Pipeline.Ldm;
using static TorchSharp.torch;

namespace NotebookKit.Training.Methods;

/// <summary>Writes a whole model so that there is either the old one or the new one, never half of it.</summary>
internal static class ModelFolder
{
    public static void Replace(StableDiffusion sd, string path, ScalarType dtype, Action<string>? more = null)
    {
        if (LdmWriter.IsFile(path))
        {
            sd.Save(path, dtype);
            return;
        }

        var folder = Path.GetFullPath(path);
        var (unfinished, replaced) = (folder + ".unfinished", folder + ".replaced");
        if (Directory.Exists(replaced) && !Directory.Exists(folder)) // a kill came between the two moves below
            Directory.Move(replaced, folder);
        try
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
            sd.Save(unfinished, dtype);
            more?.Invoke(unfinished);
            if (Directory.Exists(replaced))
                Directory.Delete(replaced, recursive: true);
            if (Directory.Exists(folder))
                Directory.Move(folder, replaced); // for deleting takes long
            Directory.Move(unfinished, folder);
            if (Directory.Exists(replaced))
                Directory.Delete(replaced, recursive: true);
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }
    }
}
