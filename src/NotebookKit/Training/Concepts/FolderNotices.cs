using System.Text.RegularExpressions;
using NotebookKit.Images;
using NotebookKit.Text;

namespace NotebookKit.Training.Concepts;

/// <summary>What in a concept's folder is passed over or read otherwise than somebody may think, a sentence each.</summary>
public static partial class FolderNotices
{
    /// <summary>The sentences.</summary>
    /// <param name="concept">The concept.</param>
    public static IEnumerable<string> Of(Concept concept)
    {
        if (KohyaFolder.Sentence(concept) is { } kohya)
            yield return kohya;
        if (ImageFolder.UnreadIn(concept.InstanceDir) is { Count: > 0 } unread)
            yield return $"{unread.Count} {(unread.Count == 1 ? "picture is" : "pictures are")} not read: "
                + $"{FirstNames.Of([.. unread.Select(file => Path.GetFileName(file))], PictureFindings.Named)}; save them as PNG or JPEG.";
        if (Captions(concept) is { } captions)
            yield return captions;
    }

    private static string? Captions(Concept concept)
    {
        if (!concept.InstancePrompt.Contains(FileWords.Placeholder, StringComparison.Ordinal)
            || KohyaFolder.Of(concept.InstanceDir) is not null)
            return null;
        var pictures = TrainingPicture.FilesOf(concept.InstanceDir);
        var without = pictures.Where(file => CaptionFile.Of(file, concept.CaptionExtension) is null).ToList();
        // A folder whose names all describe their pictures is meant so.
        if (without.Count == 0 || (without.Count == pictures.Count && concept.CaptionExtension is null
            && !without.Exists(file => CameraName().IsMatch(Path.GetFileNameWithoutExtension(file)))))
            return null;
        var endings = concept.CaptionExtension is { } own ? CaptionFile.Dotted(own) : string.Join(" or ", CaptionFile.Endings);
        var read = without.ConvertAll(file => $"\"{concept.CaptionOf(file)}\" of {Path.GetFileName(file)}");
        return $"{without.Count} of {pictures.Count} pictures have no {endings} beside them, so their names are their captions: "
            + $"{FirstNames.Of(read, PictureFindings.Named)}.";
    }

    // IMG_0002, DSC01234, PXL_20240102, 20240102_112233, image (3), rabbit-1
    [GeneratedRegex(@"^(IMG|DSC|DSCN|PXL|MVIMG|P|image|photo|screenshot)?[-_ ]?\(?\d[\d_-]*\)?$|^[a-z]+[-_]?\d+$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex CameraName();
}
