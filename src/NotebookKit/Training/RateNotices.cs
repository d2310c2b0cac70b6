using System.Globalization;
using NotebookKit.Pipeline;
using NotebookKit.Training.Optimizers;
using NotebookKit.Training.Settings;

namespace NotebookKit.Training;

/// <summary>Sentences about learning rates that are far from what their optimizer and method need, or that moved nothing.</summary>
internal static class RateNotices
{
    // Rates that people use with success lie within a factor of about 30 of the usual one.
    private const double Far = 50;

    /// <summary>Before the run.</summary>
    /// <param name="options">The options, complete.</param>
    /// <param name="sd">The base.</param>
    public static IEnumerable<string> Of(TrainOptions options, StableDiffusion sd)
    {
        var usual = (options with { Learning = options.Learning with { Rate = null, TextRate = null } }).ForBase(sd).Learning;
        if (NeedWords.Met(Need.Weights, options) && Sentence("--lr", options.Learning.Rate!.Value, usual.Rate!.Value, options) is { } rate)
            yield return rate;
        if (NeedWords.Met(Need.LearningText, options)
            && Sentence("--text-lr", options.Learning.TextRate!.Value, usual.TextRate!.Value, options) is { } text)
            yield return text;
    }

    /// <summary>After the run: what to say where nothing was learned; null where something was.</summary>
    /// <param name="proof">What the result changes; null where nothing measures it.</param>
    /// <param name="history">The steps.</param>
    /// <param name="options">The options, complete.</param>
    public static string? OfResult(Lora.Tools.LoraProof? proof, IReadOnlyList<StepRecord> history, TrainOptions options)
    {
        // float16 weights and their order of summing move a prediction by about a millionth.
        if (proof is null || history.Count == 0 || proof.Effect > 2e-6 * proof.Largest)
            return null;
        var rate = options.MainLearningRate;
        var cause = history.All(step => step.GradNorm == 0) ? "no gradient reached it, since no picture counts in the loss (look at "
                + "--picture-weight, --concept-weight)"
            : history.All(step => step.LearningRate == 0) ? "the learning rate was 0 in every step (look at --warmup and --step-rules)"
            : options.Learning.Optimizer == OptimizerKind.Prodigy && rate < 0.5
                ? $"Prodigy finds its own rate, and --lr {Short(rate)} multiplies it; leave --lr out"
            : $"{history.Count} {(history.Count == 1 ? "step" : "steps")} at a rate of {Short(history.Max(step => step.LearningRate))} "
                + "are too few or too small; train longer, or leave --lr and --warmup out";
        return string.Create(CultureInfo.InvariantCulture, $"The result changes nothing: {proof.Effect:0.##E+0} of {proof.Largest:0.##} in "
            + $"a prediction. The likely cause: {cause}.");
    }

    private static string? Sentence(string flag, double rate, double usual, TrainOptions options)
    {
        if (options.Learning.Optimizer == OptimizerKind.Prodigy)
            return rate is >= 0.1 and <= 10 ? null : $"Prodigy finds its own rate, and {flag} multiplies it: {Short(rate)} is far from 1; "
                + $"leave {flag} out.";
        if (rate <= usual * Far && rate >= usual / Far)
            return null;
        return $"{flag} {Short(rate)} is far {(rate > usual ? "above" : "below")} the {Short(usual)} that suits "
            + $"{Choices.Name(options.Learning.Optimizer)} and {Choices.Name(options.Method)} on this base; "
            + $"{(rate > usual ? "the weights will likely be ruined" : "little will be learned")}.";
    }

    private static string Short(double value) => value.ToString("0.##E+0", CultureInfo.InvariantCulture);
}
