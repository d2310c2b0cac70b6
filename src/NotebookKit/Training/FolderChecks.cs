using NotebookKit.Pipeline.Ldm;
using NotebookKit.Training.Data;
using NotebookKit.Training.Runs;
using NotebookKit.Training.Settings;

namespace NotebookKit.Training;

/// <summary>
/// Refuses folders that are one another: class images painted among the subject's photos would be trained on as the
/// subject, and a model written over a folder of photos would replace them.
/// </summary>
internal static class FolderChecks
{
    private static readonly StringComparison Case =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    public static void Check(TrainOptions options)
    {
        var instances = options.Concepts.Select(concept => new Place("--instance-dir", concept.InstanceDir)).ToList();
        var classes = options.Concepts.Where(concept => concept.ClassDir is not null
            || (options.UsesClassImages && concept.ClassPrompt is not null))
            .Select(concept => new Place(concept.ClassDir is null ? "the folder of class images" : "--class-dir",
                ClassImages.FolderOf(options, concept))).ToList();
        List<Place> heldOut = options.Samples.HeldOutDir is { } dir ? [new("--held-out-dir", dir)] : [];
        foreach (var instance in instances)
        {
            foreach (var other in classes.Where(other => other.Is(instance)))
                throw Same(other, instance, "class images would be trained on as the subject");
            foreach (var other in heldOut.Where(other => other.Is(instance)))
                throw Same(other, instance, "pictures that are trained on measure nothing; hold other pictures out");
        }

        foreach (var other in classes.Where(other => heldOut.Exists(other.Is)))
            throw Same(heldOut[0], other, "class images would be measured as the subject");
        Output(options, [.. instances, .. classes, .. heldOut]);
    }

    private static void Output(TrainOptions options, IReadOnlyList<Place> pictures)
    {
        var run = new RunPlace(options.OutputPath);
        var model = options.WritesModel && !LdmWriter.IsFile(run.Output);
        var folder = new Place("--out", model ? run.Output : run.Folder);
        foreach (var one in pictures)
        {
            if (one.Is(folder) || (model && one.IsIn(folder)))
                throw Same(folder, one, model ? "the model would replace what lies there" : "what the run writes would lie among the "
                    + "pictures");
            if (one.Is(new Place("", Path.Combine(run.Folder, "samples"))))
                throw Beside(one, "samples", "they would become its pictures");
            if (one.Is(new Place("", Path.GetDirectoryName(run.Checkpoints)!)) || one.IsIn(new Place("", run.Checkpoints)))
                throw Beside(one, "checkpoints", "they are moved and deleted");
        }

        if (model && Directory.Exists(run.Output) && !File.Exists(Path.Combine(run.Output, "model_index.json"))
            && Directory.EnumerateFileSystemEntries(run.Output).Any())
            throw new BadSettingException($"--out {options.OutputPath} is a folder that holds other things than a model; give the name of "
                + "a new one.");
    }

    private static BadSettingException Same(Place one, Place other, string why) => new(one.Is(other)
        ? $"{one.Flag} and {other.Flag} are the same folder, {other.Path}: {why}; give each its own."
        : $"{other.Flag} {other.Path} lies in {one.Flag} {one.Path}: {why}; give each a folder of its own.");

    private static BadSettingException Beside(Place one, string what, string why) =>
        new($"{one.Flag} {one.Path} is where the run keeps its {what} (beside --out), and {why}; give another folder.");

    /// <summary>A folder, as a flag names it and as it is.</summary>
    private sealed class Place(string flag, string path)
    {
        private readonly string _real = Real(System.IO.Path.GetFullPath(path));

        public string Flag => flag;

        public string Path => path;

        public bool Is(Place other) => string.Equals(_real, other._real, Case);

        public bool IsIn(Place other) => Is(other) || _real.StartsWith(other._real + System.IO.Path.DirectorySeparatorChar, Case);

        // Links along the way followed, as far as there is anything.
        private static string Real(string full)
        {
            full = System.IO.Path.TrimEndingDirectorySeparator(full);
            if (System.IO.Path.GetDirectoryName(full) is not { } parent)
                return full;
            var here = System.IO.Path.Combine(Real(parent), System.IO.Path.GetFileName(full));
            try
            {
                return Directory.ResolveLinkTarget(here, returnFinalTarget: true) is { } target ? Real(target.FullName) : here;
            }
            catch (IOException)
            {
                return here; // nothing there, or links in a circle
            }
        }
    }
}
