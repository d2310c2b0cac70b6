using System.Globalization;
using System.Text;
using NotebookKit.Images;

namespace NotebookKit.Training;

/// <summary>Where a run stands; one is reported for every step and every grid.</summary>
/// <param name="Stage">What is being done, as a few words: "training", "painting class images", …</param>
/// <param name="Step">Units done in this stage: optimizer steps, or pictures.</param>
/// <param name="TotalSteps">Units that this stage has.</param>
/// <param name="History">Every optimizer step so far; the list grows while the run lives.</param>
public sealed record TrainProgress(string Stage, int Step, int TotalSteps, IReadOnlyList<StepRecord> History)
{
    // The loss of one step says more about its timesteps than about the model.
    private const int Smoothing = 20;

    /// <summary>The epoch being trained, from 1; 0 before the first.</summary>
    public int Epoch { get; init; }

    /// <summary>Epochs of the whole run.</summary>
    public int Epochs { get; init; }

    /// <summary>Time since the run began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Time that the stage still needs at its recent pace; null while unknown.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>A new grid of samples, when this report brings one.</summary>
    public SampleGrid? Samples { get; init; }

    /// <summary>The report as one line, such as "training 40/500, epoch 8/100, loss 0.1234 (class 0.1021), 58 s left".</summary>
    public string Line()
    {
        var line = new StringBuilder($"{Stage} {Step}/{TotalSteps}");
        if (History.Count > 0)
        {
            var recent = History.Skip(Math.Max(0, History.Count - Smoothing)).ToList();
            line.Append(CultureInfo.InvariantCulture, $", epoch {Epoch}/{Epochs}, loss {recent.Average(step => step.InstanceLoss):0.0000}");
            if (recent[^1].PriorLoss is not null)
                line.Append(CultureInfo.InvariantCulture, $" (class {recent.Average(step => step.PriorLoss):0.0000})");
        }

        if (Remaining is { } remaining && Step < TotalSteps)
            line.Append(CultureInfo.InvariantCulture, $", {(remaining.TotalSeconds < 90 ? $"{remaining.TotalSeconds:0} s" : $"{remaining.TotalMinutes:0} min")} left");
        return line.ToString();
    }
}

/// <summary>Pictures drawn by the model in training, always from the same prompts and seeds.</summary>
/// <param name="Epoch">After this epoch; 0 is before training.</param>
/// <param name="Grid">One row for each prompt.</param>
/// <param name="Path">The PNG that was written.</param>
public sealed record SampleGrid(int Epoch, RgbImage Grid, string Path);
