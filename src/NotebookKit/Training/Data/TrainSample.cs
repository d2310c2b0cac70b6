using NotebookKit.Training.Concepts;

namespace NotebookKit.Training.Data;

/// <summary>One of the subject's pictures in one epoch, and the class image that goes beside it.</summary>
/// <param name="Picture">The picture.</param>
/// <param name="View">How it is looked at this time.</param>
/// <param name="Prompt">Its prompt this time: shuffled or dropped where that is asked for.</param>
/// <param name="Class">The class image beside it; null where there is none.</param>
/// <param name="ClassPrompt">The class image's prompt this time.</param>
/// <param name="Draw">Which draw it is: epoch × pictures + picture; all its randomness follows from this.</param>
internal sealed record TrainSample(TrainingPicture Picture, PictureView View, string Prompt, PictureView? Class, string? ClassPrompt,
    long Draw);

/// <summary>What one optimizer step learns from: batches of one picture size each, and how many pictures there are in all.</summary>
/// <param name="Batches">The batches, each small enough for the memory.</param>
internal sealed record StepSamples(IReadOnlyList<IReadOnlyList<TrainSample>> Batches)
{
    /// <summary>The subject's pictures in the step.</summary>
    public int Instances { get; } = Batches.Sum(batch => batch.Count);

    /// <summary>The class images in the step.</summary>
    public int Classes { get; } = Batches.Sum(batch => batch.Count(sample => sample.Class is not null));
}
