using NotebookKit.Images;
using NotebookKit.Models;

namespace NotebookKit.Training;

/// <summary>Draws the model in training from the same prompts and seeds each time, so that grids can be compared.</summary>
internal sealed class SampleGrids(StableDiffusion sd, TrainOptions options)
{
    // A miniature's pictures are enlarged, or nobody would see what is in them.
    private const int Smallest = 128;

    private readonly List<SampleGrid> _drawn = [];

    /// <summary>The grids so far, oldest first.</summary>
    public IReadOnlyList<SampleGrid> Drawn => _drawn;

    /// <summary>Whether a grid belongs after this epoch (from 1): every N epochs, and at the end.</summary>
    public bool AreDue(int epoch) => options.SampleEvery > 0 && (epoch % options.SampleEvery == 0 || epoch == options.Epochs);

    /// <summary>Samples every prompt, a row each, and writes <c>samples/NAME-epoch-0010.png</c> beside the output.</summary>
    public SampleGrid Draw(int epoch)
    {
        var prompts = options.SamplePrompts ?? DefaultPrompts();
        var pictures = prompts.SelectMany(prompt => sd.Sample(new SampleOptions
        {
            Prompt = prompt,
            Count = options.SamplesPerPrompt,
            Steps = options.SampleSteps,
            GuidanceScale = options.SampleGuidance!.Value,
            Size = options.Size,
            Seed = options.Seed,
        })).ToList();
        var captions = prompts.SelectMany(prompt => Enumerable.Repeat("", options.SamplesPerPrompt - 1).Prepend(prompt)).ToList();
        var grid = ImageGrid.Render(pictures, options.SamplesPerPrompt, captions, cell: Math.Max(Smallest, pictures[0].Width));
        var output = Path.GetFullPath(options.OutputPath);
        var folder = Path.Combine(Path.GetDirectoryName(output)!, "samples");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(output)}-epoch-{epoch:0000}.png");
        grid.SavePng(path);
        _drawn.Add(new SampleGrid(epoch, grid, path));
        return _drawn[^1];
    }

    private string[] DefaultPrompts()
    {
        var subject = TrainingPicture.Read(options)[0].Prompt;
        return options.ClassPrompt is null ? [subject] : [subject, options.ClassPrompt];
    }
}
