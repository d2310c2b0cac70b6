
namespace NotebookKit.Training.Concepts;

/// <summary>What a picture's caption becomes before it is trained with.</summary>
/// <param name="File">The picture's file name.</param>
/// <param name="Caption">The .txt beside the picture, or what its name says.</param>
/// <param name="Instance">The prompt that the picture is trained with.</param>
/// <param name="Class">The prompt of the class images beside it; null without any.</param>
/// <param name="Ids">The token ids of the instance prompt, start and end included, however many.</param>
/// <param name="Warnings">What about it will surprise, a sentence each.</param>
public sealed record CaptionRow(string File, string Caption, string Instance, string? Class, IReadOnlyList<int> Ids,
    IReadOnlyList<string> Warnings);
