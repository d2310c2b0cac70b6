using NotebookKit.Images;

namespace NotebookKit.Training.Concepts;

/// <summary>One picture to learn from and the prompts that belong to it.</summary>
/// <param name="Path">The picture's file.</param>
/// <param name="Prompt">What the text encoder is given beside it.</param>
/// <param name="ClassPrompt">What the class images beside it are painted and trained with; null without any.</param>
/// <param name="Mask">A PNG whose white part alone counts in the loss; null where all counts.</param>
/// <param name="Weight">How much the picture counts in the loss.</param>
public sealed record TrainingPicture(string Path, string Prompt, string? ClassPrompt = null, string? Mask = null, double Weight = 1)
{
    // rabbit.mask.png belongs to rabbit.jpg.
    private const string MaskEnding = ".mask.png";

    /// <summary>A concept's pictures in the order of their names, masks left out.</summary>
    /// <param name="folder">A folder that holds pictures that <see cref="ImageFolder"/> lists; other files are left alone.</param>
    /// <exception cref="BadInputException">The folder is missing or holds no picture.</exception>
    public static IReadOnlyList<string> FilesOf(string folder)
    {
        var pictures = ImageFolder.List(folder).Where(file => !file.EndsWith(MaskEnding, StringComparison.OrdinalIgnoreCase)).ToList();
        return pictures.Count > 0 ? pictures
            : throw new BadInputException($"The folder {folder} holds masks but no pictures; put the picture beside each mask.");
    }

    /// <summary>Decodes every picture of a concept and says what is wrong with any of them, all at once.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>What about them will surprise, a sentence each.</returns>
    /// <exception cref="BadInputException">Some cannot be used; the sentence names them all.</exception>
    public static IReadOnlyList<string> Check(string folder)
    {
        var (bad, found) = (new List<string>(), new PictureFindings());
        foreach (var file in FilesOf(folder))
        {
            try
            {
                found.LookThrough(file, Images.RgbImage.Load(file));
            }
            catch (BadInputException e)
            {
                bad.Add(e.Message);
            }
        }

        return bad.Count == 0 ? [.. found.Sentences()] : throw new BadInputException(bad.Count == 1 ? bad[0]
            : $"{bad.Count} pictures of {folder} cannot be used:\n{string.Join('\n', bad)}");
    }

    /// <summary>A concept's pictures with their prompts.</summary>
    /// <param name="concept">Folder, prompts, tokens and weights.</param>
    /// <exception cref="BadInputException">The folder is missing or holds no picture, or a prompt is empty.</exception>
    public static IReadOnlyList<TrainingPicture> Read(Concept concept)
    {
        var words = concept.Prompts;
        return [.. FilesOf(concept.InstanceDir).Select(Of)];

        TrainingPicture Of(string file)
        {
            var caption = concept.CaptionOf(file);
            var prompt = words.Instance(caption);
            if (prompt.Length == 0)
                throw new BadInputException($"{file} has no caption, and its instance prompt would be empty; describe the picture in "
                    + $"{System.IO.Path.ChangeExtension(file, ".txt")}.");
            if (words.Class(caption) is "")
                throw new BadInputException($"The class prompt of {file} would be empty; give a class token, or describe the picture in "
                    + $"{System.IO.Path.ChangeExtension(file, ".txt")}.");
            var mask = System.IO.Path.ChangeExtension(file, null) + MaskEnding;
            var weight = concept.PictureWeights?.GetValueOrDefault(System.IO.Path.GetFileName(file), 1) ?? 1;
            return new TrainingPicture(file, prompt, words.Class(caption), File.Exists(mask) ? mask : null, concept.Weight * weight);
        }
    }
}
