using NotebookKit.Images;
using NotebookKit.Pipeline;

namespace NotebookKit.Cli.Verbs;

/// <summary>Where <c>kit sample</c> writes: the pictures with their settings inside, their grid, the previews.</summary>
internal sealed class SampleFiles
{
    private readonly string _target;
    private readonly SampleOptions _options;
    private readonly StableDiffusion _model;
    private readonly bool _toFile;
    private readonly List<string> _previews = [];

    public SampleFiles(string target, SampleOptions options, StableDiffusion model)
    {
        (this._target, this._options, this._model) = (target, options, model);
        _toFile = Path.GetExtension(target).Equals(".png", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The previews written so far; null for none.</summary>
    public IReadOnlyList<string>? Previews => _previews.Count > 0 ? _previews : null;

    /// <summary>One picture: the .png named, or FOLDER/SEED.png. Several: each by its seed, and a grid of all.</summary>
    public (IReadOnlyList<string> Files, string? Grid) Save(IReadOnlyList<RgbImage> pictures)
    {
        MakeFolder();
        if (_toFile && pictures.Count == 1)
        {
            pictures[0].SavePng(_target, _options.ParametersOf(_model));
            return ([_target], null);
        }

        var files = new List<string>();
        for (var i = 0; i < pictures.Count; i++)
        {
            files.Add($"{Prefix}{_options.Seed + (ulong)i}.png");
            pictures[i].SavePng(files[^1], _options.ParametersOf(_model, i));
        }

        if (pictures.Count == 1)
            return (files, null);
        var grid = _toFile ? _target : Path.Combine(_target, "grid.png");
        ImageGrid.Render(pictures, (int)Math.Ceiling(Math.Sqrt(pictures.Count))).SavePng(grid, _options.ParametersOf(_model));
        return (files, grid);
    }

    /// <summary>Writes the clean pictures that a step predicts: SEED-step-0010.png.</summary>
    public void SavePreview(StepProgress step)
    {
        MakeFolder();
        var pictures = step.Preview();
        for (var i = 0; i < pictures.Count; i++)
        {
            _previews.Add($"{Prefix}{_options.Seed + (ulong)(step.FirstPicture + i)}-step-{step.Step:0000}.png");
            pictures[i].SavePng(_previews[^1]);
        }
    }

    private string Prefix => _toFile ? Path.ChangeExtension(_target, null) + "-" : _target + Path.DirectorySeparatorChar;

    private void MakeFolder() => Directory.CreateDirectory(_toFile ? Path.GetDirectoryName(Path.GetFullPath(_target))! : _target);
}
