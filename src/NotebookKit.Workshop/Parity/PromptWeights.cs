using System.Text.Json.Nodes;
using NotebookKit.Text;

namespace NotebookKit.Workshop.Parity;

/// <summary>What brackets and numbers in a prompt weigh: a <c>prompt_weights.json</c>, in whichever area it lies.</summary>
internal static class PromptWeights
{
    private const string File = "prompt_weights.json";

    /// <summary>Compares the pieces and weights of every prompt of the file, where there is one.</summary>
    public static void Run(string area, ReferenceFolder folder, ParityReport report)
    {
        if (!folder.Has(File))
            return;
        report.Run(area, "prompt_weights", m =>
        {
            foreach (var entry in (folder.LoadJson(File) as JsonArray ?? []).OfType<JsonObject>())
            {
                var prompt = (string)entry["prompt"]!;
                if (prompt.Contains("BREAK", StringComparison.Ordinal))
                    continue; // a word like any other to the reference, not to the web UI
                var expected = entry["parsed"]!.AsArray().Select(pair => new WeightedText((string)pair![0]!, (double)pair[1]!)).ToList();
                var actual = PromptAttention.Parse(prompt);
                m.Add($"pieces of '{prompt}'",
                    actual.Select(piece => piece.Text).SequenceEqual(expected.Select(piece => piece.Text)) ? 0 : 1, 0);
                foreach (var (got, want) in actual.Zip(expected))
                    m.Add($"the weight of '{want.Text}' in '{prompt}'", Math.Abs(got.Weight - want.Weight), 1e-12);
            }
        });
    }
}
