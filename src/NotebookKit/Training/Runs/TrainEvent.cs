using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using NotebookKit.Images;
using NotebookKit.Training.Loss;
using NotebookKit.Training.Settings;

namespace NotebookKit.Training.Runs;

/// <summary>
/// Something that a run has to tell. A notebook, the command line and the log file beside the output read the same stream
/// of them.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(NoticeEvent), "notice")]
[JsonDerivedType(typeof(StageEvent), "stage")]
[JsonDerivedType(typeof(TurnEvent), "turn")]
[JsonDerivedType(typeof(StepEvent), "step")]
[JsonDerivedType(typeof(SamplesEvent), "samples")]
[JsonDerivedType(typeof(HeldOutEvent), "held_out")]
[JsonDerivedType(typeof(CheckpointEvent), "checkpoint")]
[JsonDerivedType(typeof(FinishedEvent), "finished")]
public abstract record TrainEvent
{
    /// <summary>Since the run began, or went on.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>The event as one line.</summary>
    public abstract string Line();

    private protected static string Left(TimeSpan? remaining) => remaining is { } left
        ? string.Create(CultureInfo.InvariantCulture,
            $", {(left.TotalSeconds < 90 ? $"{left.TotalSeconds:0} s" : $"{left.TotalMinutes:0} min")} left")
        : "";
}

/// <summary>A sentence about the settings that will surprise.</summary>
/// <param name="Sentence">The sentence.</param>
public sealed record NoticeEvent(string Sentence) : TrainEvent
{
    /// <inheritdoc/>
    public override string Line() => "note: " + Sentence;
}

/// <summary>A knob was turned while the run trains.</summary>
/// <param name="Turn">From which step on, and to what.</param>
public sealed record TurnEvent(KnobTurn Turn) : TrainEvent
{
    /// <inheritdoc/>
    public override string Line() => Turn.ToString();
}

/// <summary>Work before the training: reading and encoding pictures, painting class images.</summary>
/// <param name="Stage">What is being done, as a few words.</param>
/// <param name="Done">How many pictures are done.</param>
/// <param name="Total">How many there are.</param>
/// <param name="Remaining">Time that the stage still needs; null while unknown.</param>
public sealed record StageEvent(string Stage, int Done, int Total, TimeSpan? Remaining) : TrainEvent
{
    /// <inheritdoc/>
    public override string Line() => $"{Stage} {Done}/{Total}{(Done < Total ? Left(Remaining) : "")}";
}

/// <summary>An optimizer step was made.</summary>
/// <param name="Step">What it measured.</param>
/// <param name="TotalSteps">Optimizer steps of the whole run.</param>
/// <param name="Epochs">Epochs of the whole run.</param>
public sealed record StepEvent(StepRecord Step, int TotalSteps, int Epochs) : TrainEvent
{
    /// <summary>The instance loss, smoothed: of one step it says more about the timesteps than about the model.</summary>
    public double SmoothedInstanceLoss { get; init; }

    /// <summary>The prior loss, smoothed; null in a run without class images.</summary>
    public double? SmoothedPriorLoss { get; init; }

    /// <summary>The errors by timestep, smoothed.</summary>
    public BandLosses SmoothedBands { get; init; }

    /// <summary>Seconds that a step takes, smoothed.</summary>
    public double SecondsPerStep { get; init; }

    /// <summary>The most memory held so far: of the device, or of the process on a CPU.</summary>
    public long PeakBytes { get; init; }

    /// <summary>Time that the run still needs; null while unknown.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Every step so far; the list grows while the run lives.</summary>
    [JsonIgnore]
    public IReadOnlyList<StepRecord> History { get; init; } = [];

    /// <inheritdoc/>
    public override string Line()
    {
        var line = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"training {Step.Step + 1}/{TotalSteps}, epoch "
            + $"{Step.Epoch}/{Epochs}, {Step.PicturesSeen} pictures seen, loss {SmoothedInstanceLoss:0.0000}"));
        if (SmoothedPriorLoss is { } prior)
            line.Append(CultureInfo.InvariantCulture, $" (class {prior:0.0000})");
        if (Step.Step + 1 < TotalSteps)
            line.Append(Left(Remaining));
        return line.ToString();
    }
}

/// <summary>A sample grid was drawn.</summary>
/// <param name="Samples">Where it lies.</param>
public sealed record SamplesEvent(SampleGrid Samples) : TrainEvent
{
    private readonly RgbImage? _grid;
    private readonly IReadOnlyList<SampleRow>? _rows;

    /// <summary>The grid as it was drawn; in an event that was read from a log, as its file has it.</summary>
    [JsonIgnore]
    public RgbImage Grid { get => _grid ?? Samples.Grid; init => _grid = value; }

    /// <summary>Its pictures as they were drawn; in an event that was read from a log, as their file has them.</summary>
    [JsonIgnore]
    public IReadOnlyList<SampleRow> Rows { get => _rows ?? Samples.Rows; init => _rows = value; }

    /// <inheritdoc/>
    public override string Line() => $"samples after epoch {Samples.Epoch}: {Samples.Path}";
}

/// <summary>The held-out pictures were measured.</summary>
/// <param name="HeldOut">The losses.</param>
public sealed record HeldOutEvent(HeldOutRecord HeldOut) : TrainEvent
{
    /// <inheritdoc/>
    public override string Line() =>
        string.Create(CultureInfo.InvariantCulture, $"after epoch {HeldOut.Epoch}: loss on held-out pictures {HeldOut.HeldOut:0.0000}, on "
            + $"the trained ones {HeldOut.Trained:0.0000}");
}

/// <summary>A checkpoint was written.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Epoch">Epochs that it has behind it, in part where the run was stopped within one.</param>
/// <param name="Step">Optimizer steps that it has behind it.</param>
public sealed record CheckpointEvent(string Path, int Epoch, int Step) : TrainEvent
{
    /// <inheritdoc/>
    public override string Line() => $"checkpoint after step {Step}: {Path}";
}

/// <summary>The run is over.</summary>
/// <param name="Output">The result's path.</param>
/// <param name="Stopped">Whether it was stopped before its end.</param>
public sealed record FinishedEvent(string Output, bool Stopped) : TrainEvent
{
    /// <summary>What it made; null in an event that was read from a log.</summary>
    [JsonIgnore]
    public TrainResult? Result { get; init; }

    /// <inheritdoc/>
    public override string Line() => $"{(Stopped ? "stopped" : Result is { Untouched: true } ? "left as it was" : "finished")}: {Output}";
}
