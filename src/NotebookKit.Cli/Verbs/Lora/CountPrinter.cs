using System.Diagnostics;
using System.Globalization;

namespace NotebookKit.Cli.Verbs.Lora;

/// <summary>"layer 12 of 192, 8 s left" on standard error, every two seconds.</summary>
internal static class CountPrinter
{
    /// <summary>A printer for one run.</summary>
    /// <param name="what">What is counted.</param>
    public static Action<int, int> For(string what)
    {
        var clock = Stopwatch.StartNew();
        var last = TimeSpan.Zero;
        return (done, total) =>
        {
            if (clock.Elapsed - last < TimeSpan.FromSeconds(2))
                return;
            last = clock.Elapsed;
            var left = clock.Elapsed / done * (total - done);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {done} of {total}, {left.TotalSeconds:0} s left"));
        };
    }
}
