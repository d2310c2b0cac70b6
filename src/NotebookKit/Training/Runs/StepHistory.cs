using NotebookKit.Training.Loss;
using static TorchSharp.torch;

namespace NotebookKit.Training.Runs;

/// <summary>
/// The steps of a run as numbers, a row for each: a state is written every few epochs, and a text of ten thousand steps
/// would cost megabytes each time.
/// </summary>
internal static class StepHistory
{
    /// <summary>The tensor's name in a state.</summary>
    public const string Name = "history";

    // Stands where a step has no such number: no loss and no rate is below 0, and a NaN would look like damage.
    private const double None = -1;

    // What a row holds, in this order.
    private static readonly Func<StepRecord, double?>[] Columns =
    [
        step => step.Step, step => step.Epoch, step => step.Loss, step => step.InstanceLoss, step => step.PriorLoss,
        step => step.LearningRate, step => step.GradNorm, step => step.TextLearningRate, step => step.Skipped ? 1 : 0,
        step => step.PicturesSeen,
        step => step.Bands.Low, step => step.Bands.MidLow, step => step.Bands.MidHigh, step => step.Bands.High,
    ];

    /// <summary>Steps as a tensor, float64, (steps, 14).</summary>
    public static Tensor Of(IReadOnlyList<StepRecord> steps)
    {
        var numbers = new double[steps.Count * Columns.Length];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = Columns[i % Columns.Length](steps[i / Columns.Length]) ?? None;
        return tensor(numbers, [steps.Count, Columns.Length]);
    }

    /// <summary>Steps from such a tensor.</summary>
    /// <param name="history">The tensor.</param>
    /// <param name="path">The state that it comes from, to be named.</param>
    /// <exception cref="BadInputException">It has another shape or type.</exception>
    public static IReadOnlyList<StepRecord> From(Tensor history, string path)
    {
        if (history.dtype != ScalarType.Float64 || history.dim() != 2 || history.shape[1] != Columns.Length)
            throw new BadInputException($"{path} is damaged: its tensor '{Name}' is no table of steps.");
        var numbers = history.data<double>().ToArray();
        return [.. Enumerable.Range(0, (int)history.shape[0]).Select(i => Step(numbers.AsSpan(i * Columns.Length, Columns.Length)))];
    }

    private static StepRecord Step(ReadOnlySpan<double> row) =>
        new((int)row[0], (int)row[1], row[2], row[3], Known(row[4]), row[5], row[6])
        {
            TextLearningRate = Known(row[7]),
            Skipped = row[8] != 0,
            PicturesSeen = (int)row[9],
            Bands = new BandLosses(Known(row[10]), Known(row[11]), Known(row[12]), Known(row[13])),
        };

    private static double? Known(double number) => number == None ? null : number;
}
