using System.Globalization;
using NotebookKit.Checkpoints;

namespace NotebookKit.Workshop.Parity;

/// <summary>Good and malformed checkpoint files: which are read, which are refused, and that refusing costs little.</summary>
internal sealed class SafetensorsParity : ParityArea
{
    private const long FixedBytes = 16 << 20;
    private const double Seconds = 5;

    // What a hostile file touches where it gets to run anything.
    private static string Marker => Environment.GetEnvironmentVariable("GOLDEN_PWNED") is { Length: > 0 } named ? named : "/tmp/pwned";

    public override string Name => "safetensors";

    public override void Run(ReferenceFolder folder, ParityReport report)
    {
        foreach (var reference in folder.Cases)
        {
            var file = (string?)reference["file"] ?? "?";
            var expect = (string?)reference["expect"] ?? "";
            if (!folder.Has(file))
                report.Skip(Name, file, "the file is missing");
            else
                report.Run(Name, file, m => Judge(m, folder.PathOf(file), expect));
        }
    }

    private static void Judge(Measurement measurement, string path, string expect)
    {
        var start = Environment.CpuUsage.TotalTime;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var accepted = Accepts(path, out var reason);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        var either = expect.Contains("reject", StringComparison.Ordinal)
            && (expect.Contains("accept", StringComparison.Ordinal) || expect.Contains("load", StringComparison.Ordinal));
        var wanted = expect.StartsWith("accept", StringComparison.Ordinal) || expect.StartsWith("load", StringComparison.Ordinal);
        measurement.Add(
            string.Create(CultureInfo.InvariantCulture, $"{(accepted ? "accepted" : $"refused: {reason}")}, expected: {expect}"),
            either || accepted == wanted ? 0 : 1, 0);
        measurement.Add($"{Marker} was touched", File.Exists(Marker) ? 1 : 0, 0);
        measurement.Add("bytes allocated", allocated, FixedBytes + 8 * new FileInfo(path).Length);
        measurement.Add("seconds of the processor", (Environment.CpuUsage.TotalTime - start).TotalSeconds, Seconds);
    }

    private static bool Accepts(string path, out string reason)
    {
        try
        {
            foreach (var tensor in WeightFile.Load(path).Values)
                tensor.Dispose();
            reason = "";
            return true;
        }
        catch (BadInputException e)
        {
            reason = e.Message;
            return false;
        }
    }
}
