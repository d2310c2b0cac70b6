using NotebookKit.Images;

namespace NotebookKit.Training;

/// <summary>One picture to learn from and the prompt that describes it.</summary>
/// <param name="Path">The picture's file.</param>
/// <param name="Prompt">What the text encoder is given beside it.</param>
public sealed record TrainingPicture(string Path, string Prompt)
{
    /// <summary>
    /// The pictures of a folder in the order of their names. With the prompt <c>[filewords]</c> each takes the text of
    /// the .txt file beside it.
    /// </summary>
    /// <param name="folder">A folder that holds .png, .jpg, .jpeg or .webp files; other files are left alone.</param>
    /// <param name="prompt">The prompt of every picture, which may contain <c>[filewords]</c>.</param>
    /// <exception cref="BadInputException">The folder is missing or holds no picture, or a caption is missing or empty.</exception>
    public static IReadOnlyList<TrainingPicture> ReadFolder(string folder, string prompt) =>
        [.. ImageFolder.List(folder).Select(file => new TrainingPicture(file, PromptOf(file, prompt)))];

    private static string PromptOf(string file, string prompt)
    {
        if (!prompt.Contains(TrainOptions.FileWords, StringComparison.Ordinal))
            return prompt;
        var captionFile = System.IO.Path.ChangeExtension(file, ".txt");
        if (!File.Exists(captionFile))
            throw new BadInputException($"{file} has no caption; with {TrainOptions.FileWords} as the prompt, write one into {captionFile}.");
        var caption = File.ReadAllText(captionFile).Trim();
        return caption.Length > 0
            ? prompt.Replace(TrainOptions.FileWords, caption)
            : throw new BadInputException($"{captionFile} is empty; describe the picture in it.");
    }
}
