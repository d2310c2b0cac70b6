using System.Net;
using NotebookKit.Charts;

namespace NotebookKit.Display;

/// <summary>Self-checks: one line each, ✔ or ✘ with a hint. They never throw, so that the rest of the notebook goes on.</summary>
public static class Check
{
    /// <summary>Shows whether something holds.</summary>
    /// <param name="condition">What should hold.</param>
    /// <param name="message">What it means, as a statement: "the LoRA starts as the base model".</param>
    /// <param name="hint">What to look at when it does not hold.</param>
    /// <returns><paramref name="condition"/>.</returns>
    public static bool That(bool condition, string message, string hint = "")
    {
        LiveDisplay.Show(new CheckResult(condition, message, hint));
        return condition;
    }

    /// <summary>Shows whether a number is what it should be.</summary>
    /// <param name="actual">The number.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="tolerance">How far it may be off.</param>
    /// <param name="message">What is compared: "ᾱ at step 500".</param>
    /// <param name="hint">What to look at when it is off.</param>
    /// <returns>Whether it is within the tolerance.</returns>
    public static bool Near(double actual, double expected, double tolerance, string message, string hint = "")
    {
        var near = Math.Abs(actual - expected) <= tolerance;
        var numbers = $"{NumberText.Short(actual)}, expected {NumberText.Short(expected)} ± {NumberText.Short(tolerance)}";
        return That(near, $"{message}: {numbers}", hint);
    }
}

/// <summary>A self-check that was made.</summary>
/// <param name="Passed">Whether it held.</param>
/// <param name="Message">What it means.</param>
/// <param name="Hint">What to look at when it did not hold.</param>
[TypeFormatterSource]
public sealed record CheckResult(bool Passed, string Message, string Hint = "")
{
    /// <summary>The line in text.</summary>
    public override string ToString() => Passed ? $"✔ {Message}" : Hint.Length > 0 ? $"✘ {Message} ({Hint})" : $"✘ {Message}";

    internal string ToHtml()
    {
        var (mark, color) = Passed ? ("✔", "#2e9e5b") : ("✘", "#d9534f");
        var hint = Passed || Hint.Length == 0 ? "" : $" <i>{WebUtility.HtmlEncode(Hint)}</i>";
        return $"<div><b style=\"color:{color}\">{mark}</b> {WebUtility.HtmlEncode(Message)}{hint}</div>";
    }
}
