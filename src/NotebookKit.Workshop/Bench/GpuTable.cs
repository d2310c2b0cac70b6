using System.Globalization;
using System.Text;

namespace NotebookKit.Workshop.Bench;

/// <summary>The figures of <see cref="GpuBench"/> as a page of Markdown.</summary>
internal static class GpuTable
{
    /// <summary>The page.</summary>
    public static string Markdown(GpuBench bench)
    {
        var page = new StringBuilder();
        Line($"# {bench.Machine.Device}");
        Line($"");
        Line($"`kit bench gpu` on {bench.Machine.Date}: {bench.Base} at {bench.Size}×{bench.Size}, {bench.Dtype}; ",
            $"{(bench.Machine.Driver is { } driver ? $"driver {driver}, " : "")}libtorch {bench.Machine.Libtorch}, kit ",
            $"{bench.Machine.Kit}. Took {bench.Seconds:0} s.");
        Line($"");
        Line($"The device multiplies large {bench.Dtype} matrices at {bench.MatrixTeraflops:0.0##} TFLOP/s; a picture's UNet forward is ",
            $"{bench.ForwardGigaflops:0.0} GFLOP. *Arithmetic* is what share of that rate the layers' products reach; *host* the share ",
            $"of the time until the host had handed out its work: near 100 % the device waits for the host.");
        Line($"");
        Line($"| method | batch | checkpointing | optimizer | pictures/s | steps/s | tensors at most | taken of the device | arithmetic | ",
            $"host |");
        Line($"|---|---|---|---|---|---|---|---|---|---|");
        foreach (var row in bench.Training)
            Line($"| {row.Method} | {row.Batch} | {(row.Checkpointing ? "yes" : "no")} | {row.Optimizer} | ",
                $"{(row.PicturesPerSecond is { } pace ? Number(pace) : "out of memory")} | {Number(row.PicturesPerSecond / row.Batch)} ",
                $"| {Bytes(row.PeakBytes)} | {Bytes(row.DeviceBytes)} | {Share(row.ArithmeticShare)} | {Share(row.HostShare)} |");
        Line($"");
        Line($"| sampling: latents in a forward | forwards/s | tensors at most | arithmetic |");
        Line($"|---|---|---|---|");
        foreach (var row in bench.Sampling)
            Line($"| {row.Batch} | {Number(row.StepsPerSecond)} | {Bytes(row.PeakBytes)} | {Share(row.ArithmeticShare)} |");
        return page.ToString();

        void Line(params FormattableString[] parts) =>
            page.AppendJoin("", parts.Select(FormattableString.Invariant)).Append('\n');
    }

    private static string Number(double? value) =>
        value is { } number ? number.ToString(number < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture) : "";

    private static string Bytes(long? bytes) => bytes is { } number ? Training.Memory.MemoryForecast.Size(number) : "";

    private static string Share(double? share) => share is { } number ? number.ToString("0 %", CultureInfo.InvariantCulture) : "";
}
