using System.Text.Json.Serialization;
using NotebookKit.Images;

namespace NotebookKit.Training.Runs;

/// <summary>
/// Pictures drawn by the model in training, always from the same prompts and seeds. They lie in files and are read when
/// they are asked for, so that a run of a thousand grids needs no more memory than one of ten.
/// </summary>
/// <param name="Epoch">After this epoch.</param>
/// <param name="Path">The PNG that was written, to be looked at; beside it, ending in <c>.sheet.png</c>, the pictures as
/// they were drawn.</param>
public sealed record SampleGrid(int Epoch, string Path)
{
    /// <summary>One row for each prompt, with captions and a miniature's pictures enlarged; read from the file at each call.</summary>
    /// <exception cref="BadInputException">The file is gone or damaged.</exception>
    [JsonIgnore]
    public RgbImage Grid => RgbImage.Load(Path);

    /// <summary>The grid's pictures themselves, row by row, to be measured; read from the file at each call.</summary>
    /// <exception cref="BadInputException">The file is gone or damaged.</exception>
    [JsonIgnore]
    public IReadOnlyList<SampleRow> Rows => SampleSheet.Read(SampleSheet.Beside(Path));
}

/// <summary>A row of a sample grid.</summary>
/// <param name="Prompt">What was drawn.</param>
/// <param name="Pictures">The pictures, in the order of their seeds.</param>
public sealed record SampleRow(string Prompt, IReadOnlyList<RgbImage> Pictures);
