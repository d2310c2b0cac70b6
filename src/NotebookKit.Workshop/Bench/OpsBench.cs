using System.Diagnostics;
using static TorchSharp.torch;

namespace NotebookKit.Workshop.Bench;

/// <summary>How long a small operator takes, release of its result included: what the tensor layer itself costs.</summary>
internal static class OpsBench
{
    /// <summary>One kind of call.</summary>
    /// <param name="Name">what is called</param>
    /// <param name="Nanoseconds">the time of one call, the best of several rounds</param>
    internal sealed record Result(string Name, double Nanoseconds);

    /// <summary>Measures each kind of call on one thread.</summary>
    /// <param name="rounds">how often each is measured</param>
    /// <param name="calls">how many calls a round has</param>
    public static IReadOnlyList<Result> Run(int rounds = 100, int calls = 400)
    {
        using var scope = NewDisposeScope();
        var threads = get_num_threads();
        set_num_threads(1);
        try
        {
            var one = ones(1);
            var other = ones(1);
            var tracked = ones(1, requires_grad: true);
            var rows = randn(2, 32);
            var weight = randn(32, 32, requires_grad: true);
            var bias = randn(32, requires_grad: true);
            var image = randn(1, 32, 8, 8);
            return
            [
                new("a library call that does nothing", Time(rounds, calls * 10, () => one.numel())),
                new("add, 1 element", Time(rounds, calls, () => one.add(other).Dispose())),
                new("add, 1 element, no_grad", WithoutGrad(() => Time(rounds, calls, () => one.add(other).Dispose()))),
                new("add, 1 element, with gradient", Time(rounds, calls, () => tracked.add(other).Dispose())),
                new("mul by a number, 1 element", Time(rounds, calls, () => one.mul(2.0).Dispose())),
                new("add_, 1 element", Time(rounds, calls, () => one.add_(other))),
                new("view", Time(rounds, calls, () => rows.view(8, 8).Dispose())),
                new("add in a dispose scope", Time(rounds, calls / 10, () =>
                {
                    using var inner = NewDisposeScope();
                    for (var i = 0; i < 10; i++)
                        one.add(other);
                }) / 10),
                new("linear (2, 32) to (2, 32), with gradient",
                    Time(rounds, calls, () => nn.functional.linear(rows, weight, bias).Dispose())),
                new("group_norm (1, 32, 8, 8)", Time(rounds, calls, () => nn.functional.group_norm(image, 8).Dispose())),
                new("add and backward, 1 element", Time(rounds, calls / 4, () =>
                {
                    using var sum = tracked.add(other);
                    sum.backward();
                })),
            ];
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static double WithoutGrad(Func<double> measure)
    {
        using var noGrad = no_grad();
        return measure();
    }

    // The best round is the one that others have disturbed least.
    private static double Time(int rounds, int calls, Action call)
    {
        for (var i = 0; i < calls; i++)
            call();
        var best = double.PositiveInfinity;
        for (var round = 0; round < rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++)
                call();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / calls);
        }

        return best;
    }
}
