using NotebookKit.Images;
using NotebookKit.Pipeline;

namespace NotebookKit.Cli.Verbs;

/// <summary>Where <c>kit sample</c> writes: the pictures with their settings inside, their grid, the previews.</summary>
internal sealed class SampleFiles
{
    private readonly string target;
    private readonly SampleOptions options;
    private readonly StableDiffusion model;
    private readonly bool toFile;
    private readonly List<string> previews = [];

    public SampleFiles(string target, SampleOptions options, StableDiffusion model)
    {
        (this.target, this.options, this.model) = (target, options, model);
        toFile = Path.GetExtension(target).Equals(".png", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The previews written so far; null for none.</summary>
    public IReadOnlyList<string>? Previews => previews.Count > 0 ? previews : null;

    /// <summary>One picture: the .png named, or FOLDER/SEED.png. Several: each by its seed, and a grid of all.</summary>
    public (IReadOnlyList<string> Files, string? Grid) Save(IReadOnlyList<RgbImage> pictures)
    {
        MakeFolder();
        if (toFile && pictures.Count == 1)
        {
            pictures[0].SavePng(target, options.ParametersOf(model));
            return ([target], null);
        }

        var files = new List<string>();
        for (var i = 0; i < pictures.Count; i++)
        {
            files.Add($"{Prefix}{options.Seed + (ulong)i}.png");
            pictures[i].SavePng(files[^1], options.ParametersOf(model, i));
        }

        if (pictures.Count == 1)
            return (files, null);
        var grid = toFile ? target : Path.Combine(target, "grid.png");
        ImageGrid.Render(pictures, (int)Math.Ceiling(Math.Sqrt(pictures.Count))).SavePng(grid, options.ParametersOf(model));
        return (files, grid);
    }

    /// <summary>Writes the clean pictures that a step predicts: SEED-step-0010.png.</summary>
    public void SavePreview(StepProgress step)
    {
        MakeFolder();
        var pictures = step.Preview();
        for (var i = 0; i < pictures.Count; i++)
        {
            previews.Add($"{Prefix}{options.Seed + (ulong)(step.FirstPicture + i)}-step-{step.Step:0000}.png");
            pictures[i].SavePng(previews[^1]);
        }
    }

    private string Prefix => toFile ? Path.ChangeExtension(target, null) + "-" : target + Path.DirectorySeparatorChar;

    private void MakeFolder() => Directory.CreateDirectory(toFile ? Path.GetDirectoryName(Path.GetFullPath(target))! : target);
}
